// A task as it is shown: its name, how far it is, what can be done with it, and its transcript.

import {byId, fromTemplate, say} from './dom.js';
import {languageName} from './language_names.js';
import {Reader} from './reader.js';

const SURE_MS = 4000;  // for which a second press deletes

let open = null;  // the card whose transcript is shown

export class TaskCard {
  #task;
  #again;
  #reader = null;
  #said = null;
  #timer = 0;

  // again(task): what sends its file anew.
  constructor(task, again) {
    this.#task = task;
    this.#again = again;
    this.element = fromTemplate('task');
    this.#find('.plain').textContent = this.#find('.open').textContent = task.name;
    for (const name of ['remove', 'again']) {
      this.#find(`.${name}`).setAttribute('aria-label', `${this.#find(`.${name}`).textContent}: ${task.name}`);
    }
    this.#find('progress').setAttribute('aria-label', `Progress of ${task.name}`);
    this.#find('.open').addEventListener('click', () => (this.#reader ? this.close() : this.#open()));
    this.#find('.remove').addEventListener('click', () => this.#remove());
    this.#find('.again').addEventListener('click', () => this.#retry());
    task.onchange = () => this.show();
    this.show();
  }

  show() {
    const task = this.#task, text = described(task);
    this.element.dataset.kind = task.kind;
    this.#find('.state').textContent = text;
    this.#showProgress();
    this.#find('.plain').hidden = task.kind === 'finished';
    this.#find('.open').hidden = task.kind !== 'finished';
    const canAgain = task.file && ['failed', 'unsent', 'gone', 'refused'].includes(task.kind);
    this.#label('.again', task.kind === 'refused' ? 'Try now' : 'Try again', !canAgain);
    if (!this.#timer) this.#label('.remove', task.isActive ? 'Cancel' : task.kind === 'finished' ? 'Delete' : 'Remove');
    if (task.kind === this.#said) return;
    const isNews = ![null, 'kept'].includes(this.#said) && task.kind !== 'queued';
    this.#said = task.kind;
    if (isNews) say(`${task.name}: ${text}`);
    if (isNews && task.kind === 'finished' && !open) this.#open();
  }

  close() {
    this.#reader?.close();
    this.#reader = null;
    if (open === this) open = null;
    this.#find('.open').setAttribute('aria-expanded', 'false');
  }

  #open() {
    open?.close();
    open = this;
    this.#reader = new Reader(this.#task);
    this.element.append(this.#reader.element);
    this.#find('.open').setAttribute('aria-expanded', 'true');
    void this.#reader.load();
  }

  // A finished transcript is deleted by a second press only.
  async #remove() {
    if (this.#task.kind === 'finished' && !this.#timer) {
      this.#label('.remove', 'Really delete?');
      say('Press again to delete it.');
      this.#timer = setTimeout(() => { this.#timer = 0; this.show(); }, SURE_MS);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = 0;
    try {
      await this.#task.remove();
    } catch (error) {
      this.#find('.state').textContent = `It could not be removed: ${error.message}`;
      say(this.#find('.state').textContent);
      return;
    }
    this.#task.forget();
    this.#leave();
    say(`${this.#task.name}: removed`);
  }

  #retry() {
    if (this.#task.kind === 'refused') {
      this.#task.hurry();
      return;
    }
    this.#task.forget();
    this.#leave();
    this.#again(this.#task);
  }

  // The focus goes to what comes next: it must not be lost.
  #leave() {
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    const button = next?.querySelector('button:not([hidden])') ?? byId('transcripts');
    this.close();
    this.element.remove();
    button.focus();
  }

  #showProgress() {
    const bar = this.#find('progress'), {percent, kind} = this.#task;
    bar.hidden = !['uploading', 'processing'].includes(kind);
    if (percent === null || (kind === 'uploading' && percent >= 100)) bar.removeAttribute('value');
    else bar.value = percent;
  }

  #label(selector, text, hidden = false) {
    const button = this.#find(selector);
    button.hidden = hidden;
    if (button.textContent === text) return;
    button.textContent = text;
    button.setAttribute('aria-label', `${text}: ${this.#task.name}`);
  }

  #find(selector) {
    return this.element.querySelector(`:scope > .head ${selector}`);
  }
}

function described(task) {
  const {kind, percent, position, seconds, message, status} = task;
  const doing = status.task_type === 'translate' ? 'Translating' : 'Transcribing';
  switch (kind) {
    case 'kept': return 'The service is asked for it';
    case 'queued': return 'Waits to be sent';
    case 'uploading': return percent >= 100 ? 'Sent; the service looks at it' : `Sending: ${percent} %`;
    case 'refused': return `The queue is full. Trying again in ${seconds} s`;
    case 'pending': return position === null ? 'Waiting' : `Waiting: number ${position} in the queue`;
    case 'processing': return percent ? `${doing}: ${percent} %` : doing;
    case 'finished': return facts(status);
    case 'gone': return 'The service has deleted it: results are kept for a while only';
    default: return `Failed: ${message}`;
  }
}

// "English · tiny.en · took 1.2 s"
function facts(status) {
  const spoken = status.source_language ? languageName(status.source_language) : '';
  const took = status.processing_duration;
  return [
    status.task_type === 'translate' && spoken ? `English, from ${spoken}` : spoken,
    status.used_model_size ?? '',
    took ? `took ${took < 10 ? took.toFixed(1) : Math.round(took)} s` : '',
  ].filter(Boolean).join(' · ');
}
