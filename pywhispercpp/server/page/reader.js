// The reader: the recording, its words, and the files that can be made of them.

import {json, query, request} from './api.js';
import {clock, copy, fromTemplate, make, saveAs, say} from './dom.js';
import {Player} from './player.js';
import {remember, setting} from './store.js';
import {placed, wordElement} from './words.js';

export class Reader {
  #task;
  #source = '';
  #player;

  constructor(task) {
    this.#task = task;
    this.element = fromTemplate('reader');
    this.#player = new Player(this.#find('audio'), this.#find('.text'));
    this.#find('audio').setAttribute('aria-label', task.name);
    this.#find('audio').addEventListener('error', () => this.#showPlayer('.unplayable'));
    this.#find('.find').addEventListener('click', () => this.#choose());
    this.#find('.copy').addEventListener('click', event => copy(this.#task.message, event.currentTarget));
    for (const button of this.element.querySelectorAll('[data-format]')) {
      button.setAttribute('aria-label', `Download ${button.textContent}`);
      button.addEventListener('click', () => this.#download(button));
    }
    this.#startSure();
  }

  async load() {
    const text = this.#find('.text');
    text.lang = this.#task.status.task_type === 'translate' ? 'en' : this.#task.status.source_language ?? '';
    await this.#play(await this.#task.recording());
    try {
      this.#fill(text, await json(query('api/v1/result', {task_id: this.#task.id, format: 'verbose_json'})));
    } catch (error) {
      text.replaceChildren(make('p', {className: 'wrong'}, error.message));
      say(error.message);
    }
  }

  close() {
    this.#find('audio').removeAttribute('src');
    this.#find('audio').load();
    if (this.#source) URL.revokeObjectURL(this.#source);
    this.element.remove();
  }

  #fill(text, {segments, words}) {
    const paragraphs = placed(segments, words ?? []).map(segment => {
      const time = clock(segment.start);
      const button = make('button', {type: 'button', ariaLabel: `Play from ${time}`}, time);
      button.dataset.start = segment.start;
      return make('div', {className: 'segment'}, button, make('p', {dir: 'auto'}, ...segment.pieces.flatMap(
        piece => [piece.gap, wordElement(piece)])));
    });
    text.replaceChildren(...(paragraphs.length ? paragraphs : [make('p', {}, 'Nothing was said.')]));
    this.#player.follow([...text.querySelectorAll('.word')]);
  }

  async #play(file) {
    this.#showPlayer(file ? 'audio' : '.silent');
    if (!file) return;
    this.#source = URL.createObjectURL(file);
    this.#find('audio').src = this.#source;
  }

  #showPlayer(shown) {
    for (const selector of ['audio', '.silent', '.unplayable']) {
      this.#find(selector).hidden = selector !== shown;
    }
  }

  #choose() {
    const input = make('input', {type: 'file', accept: 'audio/*,video/*'});
    input.addEventListener('change', () => {
      [this.#task.file] = input.files;
      void this.#play(input.files[0]);
      this.#find('audio').focus();
    });
    input.click();
  }

  async #download(button) {
    button.disabled = true;
    try {
      const {format} = button.dataset;
      const answer = await request(query('api/v1/result', {task_id: this.#task.id, format}));
      saveAs(await answer.blob(), fileName(answer.headers.get('Content-Disposition'), `transcript.${format}`));
      say(`Downloaded ${button.textContent}`);
    } catch (error) {
      say(error.message);
      this.#find('.text').prepend(make('p', {className: 'wrong'}, error.message));
    } finally {
      button.disabled = false;
      button.focus();
    }
  }

  #startSure() {
    const box = this.#find('.sure');
    box.checked = setting('sure') !== '0';
    const show = () => this.element.classList.toggle('plain-words', !box.checked);
    box.addEventListener('change', () => { remember('sure', box.checked ? '1' : '0'); show(); });
    show();
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

function fileName(disposition, otherwise) {
  const found = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? '');
  try {
    return found ? decodeURIComponent(found[1]) : otherwise;
  } catch {
    return otherwise;
  }
}
