// Recording from the microphone: what is said becomes a file that is sent as any other.

import {byId, clock, say} from './dom.js';

const KINDS = [['audio/webm;codecs=opus', 'webm'], ['audio/mp4', 'm4a'], ['audio/ogg;codecs=opus', 'ogg']];
const PART_MS = 1000;

// Resolves to a File, null where it is discarded; closes the microphone.
export async function record(microphone) {
  const [type, extension] = KINDS.find(([kind]) => MediaRecorder.isTypeSupported(kind)) ?? ['', 'webm'];
  const recorder = new MediaRecorder(microphone.stream, type ? {mimeType: type} : {});
  const parts = [], begin = performance.now();
  recorder.ondataavailable = event => parts.push(event.data);
  microphone.show(byId('recorder-level'));
  const timer = setInterval(() => {
    byId('recorder-time').textContent = clock((performance.now() - begin) / 1000);
  }, 250);
  recorder.start(PART_MS);
  say('Recording');
  const isWanted = await decided(recorder);
  clearInterval(timer);
  microphone.close();
  byId('recorder-time').textContent = clock(0);
  return isWanted ? new File(parts, `${recordingName()}.${extension}`, {type: recorder.mimeType}) : null;
}

// Whether it is to be kept, once it has stopped; a microphone that is pulled out stops it too.
function decided(recorder) {
  let isWanted = true;
  byId('recorder-stop').onclick = () => recorder.stop();
  byId('recorder-discard').onclick = () => { isWanted = false; recorder.stop(); };
  return new Promise(resolve => { recorder.onstop = () => resolve(isWanted); });
}

function recordingName() {
  const now = new Date(Date.now() - 60000 * new Date().getTimezoneOffset());
  return `Recording ${now.toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')}`;
}
