"""The OpenAPI document: whatever is sent by it, or against it, is answered, and as it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.service import Service

OPERATIONS = (
    "GET /health",
    "GET /metrics",
    "GET /v1/models",
    "GET /v1/models/{model}",
    "POST /v1/audio/transcriptions",
    "POST /v1/audio/translations",
    "GET /api/v1/status",
    "DELETE /api/v1/status",
    "GET /api/v1/srt",
    "GET /api/v1/result",
    "POST /api/v1/transcribe",
    "POST /api/v1/translate",
    "GET /api/v1/decoder_status",
    "GET /api/v1/decoder_status_refresh",
    "GET /api/v1/userinfo",
    "GET /api/v1/login",
    "GET /api/v1/version",
    "GET /api/v1/logs",
    "POST /inference",
    "POST /load",
)
BOUNDED = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def document(service: Service) -> Any:  # noqa: ANN401 - schemathesis' own
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json")


def test_every_operation_is_tried(document: Any) -> None:  # noqa: ANN401
    assert {one.ok().label for one in document.get_all_operations()} == set(OPERATIONS)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_sent_is_answered(
    document: Any,  # noqa: ANN401
    client: httpx.Client,
    label: str,
    mode: GenerationMode,
) -> None:
    """Without a 5xx, and with a status, headers and content that the document knows."""
    operation = next(one.ok() for one in document.get_all_operations() if one.ok().label == label)

    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        return  # nothing is asked for that could be wrong

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance], allow_redirects=False)

    send()
    assert client.get("/health").status_code == 200
