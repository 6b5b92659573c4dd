// The service, as the page asks it. Addresses are relative to the page: it works behind a proxy's prefix too.

import {askForKey} from './key_dialog.js';
import * as store from './store.js';

const OFFLINE = 'The service does not answer.';

// status: HTTP's, 0 where there was no answer. retryAfter: seconds, where the service names them.
export class ServiceError extends Error {
  constructor(message, status = 0, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export const address = path => new URL(path, document.baseURI);

export function query(path, parameters) {
  const found = address(path);
  for (const [name, value] of Object.entries(parameters)) {
    if (value) found.searchParams.set(name, value);
  }
  return found;
}

// Returns the answer; raises ServiceError. A key is asked for where one is wanted.
export async function request(where, method = 'GET') {
  return withKey(async key => {
    let answer;
    try {
      answer = await fetch(where, {method, headers: authorization(key)});
    } catch {
      throw new ServiceError(OFFLINE);
    }
    if (answer.ok) return answer;
    throw refusal(answer.status, await answer.text().catch(() => ''), answer.headers.get('Retry-After'));
  });
}

export const json = async where => (await request(where)).json();

// Sends a file. progress(0 to 1) is called on the way; signal: an AbortSignal. Returns the answer's JSON.
export function upload(where, file, progress, signal) {
  return withKey(key => new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const form = new FormData();
    form.append('file', file, file.name);
    sending.open('POST', where);
    for (const [name, value] of Object.entries(authorization(key))) sending.setRequestHeader(name, value);
    sending.upload.onprogress = event => event.lengthComputable && progress(event.loaded / event.total);
    sending.onload = () => {
      if (sending.status === 200) return resolve(JSON.parse(sending.responseText));
      const retry = sending.getResponseHeader('Retry-After');
      return reject(refusal(sending.status, sending.responseText, retry));
    };
    sending.onerror = () => reject(new ServiceError(`${OFFLINE} The file was not sent.`));
    sending.onabort = () => reject(new ServiceError('Cancelled.'));
    signal.addEventListener('abort', () => sending.abort());
    sending.send(form);
  }));
}

// Calls work(key), again with another key as long as the service refuses the one that it has.
export async function withKey(work) {
  for (;;) {
    const used = store.key();
    try {
      return await work(used);
    } catch (error) {
      if (error.status !== 401) throw error;
      if (store.key() !== used) continue;  // another request has asked meanwhile
      store.rememberKey(await askForKey(Boolean(used)));
    }
  }
}

const authorization = key => (key ? {Authorization: `Bearer ${key}`} : {});

// {"detail": "…"}, {"detail": [{"msg": "…"}]}, {"error": {"message": "…"}}, or a proxy's page.
function refusal(status, text, retryAfter) {
  let message = '';
  try {
    const {detail, error} = JSON.parse(text);
    message = Array.isArray(detail) ? detail.map(one => one.msg).join('; ') : detail ?? error?.message ?? '';
  } catch { /* no JSON */ }
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  return new ServiceError(
    String(message || `The service answers ${status}.`), status, Number.isNaN(seconds) ? null : seconds);
}
