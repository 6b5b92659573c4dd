// The microphone: opened for who asks, with a meter of its loudness; errors say what to do.

const WHY = {
  NotAllowedError: 'The microphone is not permitted. Allow it beside the address of this page, then try again.',
  NotFoundError: 'There is no microphone.',
  NotReadableError: 'The microphone is used by another program.',
};

export class Microphone {
  #frame = 0;

  constructor(stream, context, source) {
    Object.assign(this, {stream, context, source});
  }

  // Raises Error whose message is for people.
  static async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error('Browsers lend the microphone only to pages at https:// or on this computer.');
    }
    let stream;
    try {
      // As it is: what makes calls pleasant takes away from what the model hears.
      stream = await navigator.mediaDevices.getUserMedia(
        {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: true}});
    } catch (error) {
      throw new Error(WHY[error.name] ?? `The microphone cannot be used: ${error.message}`);
    }
    const context = new AudioContext();
    void context.resume();
    return new Microphone(stream, context, context.createMediaStreamSource(stream));
  }

  show(meter) {
    const analyser = this.context.createAnalyser(), samples = new Float32Array(analyser.fftSize);
    this.source.connect(analyser);
    const step = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      meter.value = Math.max(0, 1 + Math.log10(power + 1e-9) / 6);  // -60 dB to 0 dB
      this.#frame = requestAnimationFrame(step);
    };
    step();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    for (const track of this.stream.getTracks()) track.stop();
    if (this.context.state !== 'closed') void this.context.close();
  }
}
