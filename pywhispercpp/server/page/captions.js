// Live captions: the microphone goes to the service as it is, text comes back while somebody speaks.

import {ServiceError, address, withKey} from './api.js';
import {byId, copy, make, saveAs, say} from './dom.js';
import {wordElement} from './words.js';

const MAX_BEHIND = 4e6;  // bytes that the network may be behind: 20 s of audio

// Shows captions of what a Microphone hears, until they are closed. Raises Error for people.
export async function caption(microphone, wish) {
  clear();
  try {
    const socket = await unlessStopped(withKey(key => connected(wish, microphone.context.sampleRate, key)));
    if (!socket) return;
    await heard(socket, microphone);
  } catch (error) {
    if (!lines.size) throw error;  // what was said already stays to be read
    state(`${error.message} What was said before is here.`);
  } finally {
    microphone.close();
  }
  await closed();
}

const lines = new Map();  // text by the number of the piece of speech

function clear() {
  lines.clear();
  byId('captions').dataset.kind = 'live';
  byId('captions-final').replaceChildren();
  byId('captions-partial').replaceChildren();
  for (const name of ['copy', 'save', 'close']) byId(`captions-${name}`).hidden = true;
  byId('captions-stop').hidden = false;
  byId('captions-stop').disabled = false;
  state('The model is made ready…');
}

function state(text) {
  byId('captions-state').textContent = text;
  say(text);
}

// Resolves to null where it is stopped before: the connection is closed when it comes.
function unlessStopped(connecting) {
  return new Promise((resolve, reject) => {
    connecting.then(resolve, reject);
    byId('captions-stop').onclick = () => {
      resolve(null);
      connecting.then(socket => socket.close(), () => {});
    };
  });
}

// Resolves to a WebSocket whose server is ready to hear.
function connected(wish, sampleRate, key) {
  const where = address('v1/stream');
  where.protocol = where.protocol.replace('http', 'ws');
  const socket = new WebSocket(where);
  const {model, language} = wish;
  socket.onopen = () => socket.send(JSON.stringify({
    type: 'start', model, language, encoding: 'pcm_f32le', sample_rate: sampleRate, api_key: key,
  }));
  return new Promise((resolve, reject) => {
    socket.onmessage = ({data}) => {
      const message = JSON.parse(data);
      if (message.type === 'ready') resolve(socket);
      else if (message.type === 'error') reject(refusal(message));
    };
    socket.onclose = () => reject(new ServiceError('The service does not answer.'));
  });
}

const refusal = ({message, code}) => new ServiceError(message, code === 'invalid_api_key' ? 401 : 0);

// Send what is said, show what comes back, until it is stopped and all was heard.
async function heard(socket, microphone) {
  const over = new Promise((resolve, reject) => {
    socket.onmessage = ({data}) => {
      const message = JSON.parse(data);
      if (message.type === 'partial' || message.type === 'final') show(message);
      else if (message.type === 'lost') state('Listening; some was lost, for the service is too slow');
      else if (message.type === 'done') resolve();
      else if (message.type === 'error') reject(refusal(message));
    };
    socket.onclose = () => reject(new ServiceError('The connection has broken.'));
  });
  const stop = await listening(socket, microphone, over);
  state('Listening');
  byId('captions-stop').onclick = stop;
  try {
    await over;
  } finally {
    socket.close();
  }
  state(lines.size ? 'Captions' : 'Nothing was said');
}

// Hand the microphone's samples to the service; returns what ends that.
async function listening(socket, microphone, over) {
  await microphone.context.audioWorklet.addModule(address('page/capture.js'));
  const capture = new AudioWorkletNode(microphone.context, 'capture', {
    numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit',
  });
  const finish = () => {
    byId('captions-stop').disabled = true;
    state('Hearing the rest…');
    capture.port.postMessage('end');
  };
  capture.port.onmessage = ({data: {samples, isLast}}) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BEHIND) {
      socket.close();
      return;
    }
    socket.send(samples);
    if (isLast) {
      socket.send(JSON.stringify({type: 'stop'}));
      capture.port.onmessage = null;
      microphone.close();
    }
  };
  microphone.source.connect(capture);
  microphone.show(byId('captions-level'));
  for (const track of microphone.stream.getTracks()) track.onended = finish;  // it was pulled out
  over.catch(() => {}).finally(() => { capture.port.onmessage = null; });
  return finish;
}

function show({type, number, text, words, confirmed}) {
  const box = byId('captions-text'), isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const partial = byId('captions-partial');
  if (type === 'final') {
    partial.replaceChildren();
    if (text) {
      lines.set(number, text);
      byId('captions-final').append(make('p', {dir: 'auto'}, ...spoken(text, words)));
    }
  } else {
    const parts = spoken(text, words);
    // Words on which two hearings agree look settled; the others may still change.
    partial.replaceChildren(...parts.map((part, at) => {
      if (part instanceof Element) part.classList.toggle('open', at / 2 >= confirmed);
      return part;
    }));
  }
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}

// Each word, and a blank after it where the text has one.
function spoken(text, words) {
  if (!words?.length) return [text];
  let at = 0;
  return words.flatMap(word => {
    const found = text.indexOf(word.word, at);
    at = found < 0 ? at : found + word.word.length;
    return [wordElement(word), found < 0 || text[at] === ' ' ? ' ' : ''];
  });
}

function closed() {
  byId('captions').dataset.kind = 'over';
  byId('captions-partial').replaceChildren();
  byId('captions-stop').hidden = true;
  const text = () => `${[...lines.values()].join('\n')}\n`;
  byId('captions-copy').hidden = byId('captions-save').hidden = !lines.size;
  byId('captions-close').hidden = false;
  byId('captions-close').focus();
  byId('captions-copy').onclick = event => copy(text(), event.currentTarget);
  byId('captions-save').onclick = () => saveAs(new Blob([text()], {type: 'text/plain'}), 'captions.txt');
  return new Promise(resolve => { byId('captions-close').onclick = resolve; });
}
