// The player: it lights the word that is said, and jumps to the word that is clicked.

const still = matchMedia('(prefers-reduced-motion: reduce)');

export class Player {
  #audio;
  #words = [];
  #starts = [];
  #ends = [];
  #lit = -1;

  // text: the element whose [data-start] are jumped to.
  constructor(audio, text) {
    this.#audio = audio;
    const run = () => {
      this.#show();
      if (!audio.paused && !audio.ended) requestAnimationFrame(run);
    };
    audio.addEventListener('play', run);
    audio.addEventListener('seeked', () => this.#show());
    audio.addEventListener('timeupdate', () => this.#show());
    audio.addEventListener('loadedmetadata', () => { void this.#measure(); });
    text.addEventListener('click', event => {
      const from = event.target.closest('[data-start]');
      if (!from || String(getSelection()) || !audio.src) return;  // marking text does not jump
      audio.currentTime = Number(from.dataset.start);
      void audio.play().catch(() => {});  // what cannot be played has said so
    });
  }

  follow(words) {
    this.#words = words;
    this.#starts = words.map(word => Number(word.dataset.start));
    this.#ends = words.map(word => Number(word.dataset.end));
  }

  // Recordings of a browser do not say how long they are: it is known when the end was looked for.
  async #measure() {
    const audio = this.#audio;
    if (Number.isFinite(audio.duration)) return;
    const known = new Promise(resolve => audio.addEventListener('durationchange', resolve, {once: true}));
    audio.currentTime = 1e7;
    await known;
    audio.currentTime = 0;
  }

  #show() {
    const time = this.#audio.currentTime, index = this.#at(time);
    this.#light(index >= 0 && time < this.#ends[index] ? index : -1);
  }

  // The last word that has begun: a search by halves, for there may be many thousands.
  #at(time) {
    let low = 0, high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #light(index) {
    if (index === this.#lit) return;
    const old = this.#words[this.#lit], word = this.#words[index];
    this.#lit = index;
    old?.classList.remove('now');
    old?.removeAttribute('aria-current');
    if (!word) return;
    word.classList.add('now');
    word.setAttribute('aria-current', 'true');
    const box = word.getBoundingClientRect(), top = this.#audio.getBoundingClientRect().bottom;
    if (!this.#audio.paused && (box.top < top || box.bottom > innerHeight)) {
      word.scrollIntoView({block: 'center', behavior: still.matches ? 'auto' : 'smooth'});
    }
  }
}
