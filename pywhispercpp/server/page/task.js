// A task: one file on its way to the service, through its queue, to a transcript.

import {ServiceError, json, query, request, upload} from './api.js';
import {pause} from './dom.js';
import {clearNotice, notice} from './notice.js';
import * as store from './store.js';

const LANES = 2;  // files that are sent at once
const FIRST_POLL_MS = 250, LAST_POLL_MS = 1500, OFFLINE_POLL_MS = 3000;
const FULL_S = 10, MOST_S = 60;  // between two tries, where the service says nothing, or too little

let busy = 0;
const line = [];

async function lane() {
  if (busy < LANES) busy += 1;
  else await new Promise(resolve => line.push(resolve));
}

function leaveLane() {
  if (line.length) line.shift()();
  else busy -= 1;
}

// kind: queued, uploading, refused, pending, processing, finished, failed, unsent (as failed, but the service has
// nothing of it), gone (expired), kept (from before a reload, and not asked for yet).
export class Task {
  kind = 'queued';
  percent = null;  // of the upload, or of the work
  position = null;  // in the queue
  seconds = null;  // until a refused one is sent again
  message = '';  // why it failed
  status = {};  // the service's last answer
  onchange = () => {};
  #stop = new AbortController();
  #hurry = () => {};
  #asking = null;  // for the status

  // wish: {model, language, translate}. file: null where only the id is known, after a reload.
  constructor(name, wish, file = null, id = null) {
    Object.assign(this, {name, wish, file, id, sent: Date.now()});
  }

  static kept({name, wish, id, sent}) {
    return Object.assign(new Task(String(name), wish ?? {}, null, id), {kind: 'kept', sent});
  }

  get isActive() {
    return ['kept', 'queued', 'uploading', 'refused', 'pending', 'processing'].includes(this.kind);
  }

  get isLeaving() {  // what a reload would lose
    return ['queued', 'uploading', 'refused'].includes(this.kind) && !this.#stop.signal.aborted;
  }

  async recording() {
    this.file ??= (this.id && await store.recording(this.id)) || null;
    return this.file;
  }

  async send(limitMb) {
    this.#change('queued');
    await lane();
    try {
      if (this.file.size > limitMb * 1e6) {
        throw new ServiceError(`It is larger than ${limitMb} MB, which is the most that this service takes.`);
      }
      const status = await this.#sent();
      this.id = status.task_id;
      store.keepTask({id: this.id, name: this.name, wish: this.wish, sent: this.sent});
      void store.keepRecording(this.id, this.file);
      this.#take(status);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#change('unsent', {message: error.message});
      return;
    } finally {
      leaveLane();
    }
    await this.follow();
  }

  // Ask how far it is, until it is done.
  async follow() {
    const stop = this.#stop;
    let wait = FIRST_POLL_MS;
    for (;;) {
      await pause(wait);
      if (!this.isActive || stop.signal.aborted) return;
      wait = Math.min(LAST_POLL_MS, 1.25 * wait);
      try {
        this.#asking = json(query('api/v1/status', {task_id: this.id}));
        this.#take(await this.#asking);
        clearNotice('offline');
      } catch (error) {
        if (error.status === 400) return this.#change('gone');
        notice('offline', `${error.message} It is asked again and again; what it has is not lost.`);
        wait = OFFLINE_POLL_MS;
      }
    }
  }

  hurry() {
    this.#hurry();
  }

  // Cancel it, or delete its result. Raises ServiceError where the service does not do it.
  async remove() {
    this.#stop.abort();
    this.#hurry();
    if (!this.id) return;
    await this.#asking?.catch(() => {});  // or it would ask for what is not there any more
    try {
      await request(query('api/v1/status', {task_id: this.id}), 'DELETE');
    } catch (error) {
      if (error.status === 400) return;  // it has gone already
      this.#stop = new AbortController();
      void this.follow();
      throw error;
    }
  }

  forget() {
    if (this.id) store.forgetTask(this.id);
  }

  async #sent() {
    const {translate, language, model} = this.wish;
    const where = query(translate ? 'api/v1/translate' : 'api/v1/transcribe', {language, model});
    for (let refusals = 1; ; refusals += 1) {
      this.#stop.signal.throwIfAborted();
      this.#change('uploading', {percent: 0});
      try {
        return await upload(
          where, this.file, part => this.#change('uploading', {percent: Math.floor(100 * part)}), this.#stop.signal);
      } catch (error) {
        if (error.status !== 503) throw error;
        // The file is sent again as a whole: not every second, whatever the service says.
        await this.#waitForRoom(Math.max(error.retryAfter ?? FULL_S, Math.min(MOST_S, 2 ** refusals)));
      }
    }
  }

  async #waitForRoom(seconds) {
    let isOver = false;
    this.#hurry = () => { isOver = true; this.#hurry = () => {}; };
    const end = performance.now() + 1000 * seconds;
    while (!isOver && performance.now() < end) {
      this.#change('refused', {seconds: Math.ceil((end - performance.now()) / 1000)});
      await pause(200);
    }
  }

  #take(status) {
    this.status = status;
    this.#change(status.status, {
      percent: status.progress || null,
      position: status.position_in_queue,
      message: status.transcript ?? '',
    });
  }

  #change(kind, {percent = null, position = null, seconds = null, message = ''} = {}) {
    Object.assign(this, {kind, percent, position, seconds, message});
    this.onchange();
  }
}
