"""The queue in Redis, which several services and workers on any machines share."""
