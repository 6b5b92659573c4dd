// Runs beside the audio, in its AudioWorklet: hands on what the microphone hears, a fifth of a second at a time.

const BATCH_S = 0.2;

class Capture extends AudioWorkletProcessor {
  #batch = new Float32Array(Math.round(BATCH_S * sampleRate));
  #size = 0;

  constructor() {
    super();
    this.port.onmessage = () => this.#send(true);  // the rest is wanted
  }

  process([[samples]]) {
    for (let at = 0; samples && at < samples.length;) {
      const part = samples.subarray(at, at + this.#batch.length - this.#size);
      this.#batch.set(part, this.#size);
      this.#size += part.length;
      at += part.length;
      if (this.#size === this.#batch.length) this.#send(false);
    }
    return true;
  }

  #send(isLast) {
    const samples = this.#batch.slice(0, this.#size);
    this.#size = 0;
    this.port.postMessage({samples, isLast}, [samples.buffer]);
  }
}

registerProcessor('capture', Capture);
