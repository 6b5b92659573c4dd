"""The fixed parts of the page: its frame, style and script."""

from __future__ import annotations

from string import Template

__all__ = ["PAGE", "SCRIPT", "STYLE"]

PAGE = Template("""<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<header>
<h1>$title</h1>
<p class="facts">$facts</p>
$player
<p class="legend">How sure the model was:
<span class="word p0">below 20 %</span> <span class="word p1">below 40 %</span>
<span class="word p2">below 60 %</span> <span class="word p3">below 80 %</span>
<span class="word p4">more</span></p>
</header>
<main>
$text
</main>
<script>
$script</script>
</body>
</html>
""")

# The levels differ in lightness and underline as well as in colour, for those who do not tell red from green.
STYLE = """:root {
  --back: #fdfdfc; --text: #1a1a1a; --soft: #5c5c5c; --line: #d9d9d6; --now: #1f4fd8; --now-text: #ffffff;
  --p0: #f6b3ab; --p1: #fbd0b0; --p2: #fdeab0; --p3: #e6f2d5; --p4: transparent;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #16181b; --text: #ececea; --soft: #a5a8ac; --line: #3a3d41; --now: #8fb4ff; --now-text: #0b1020;
    --p0: #7a2a22; --p1: #6e3f16; --p2: #5a4a10; --p3: #2f4526; --p4: transparent;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 0 1rem 4rem; background: var(--back); color: var(--text);
  font: 1.15rem/1.75 system-ui, sans-serif; overflow-wrap: anywhere; }
header { position: sticky; top: 0; padding: 1rem 0 .5rem; background: var(--back);
  border-bottom: 1px solid var(--line); }
h1 { font-size: 1.25rem; line-height: 1.3; margin: 0; }
.facts, .legend { margin: .25rem 0; font-size: .85rem; color: var(--soft); }
.legend .word { color: var(--text); cursor: default; }
audio { width: 100%; margin: .5rem 0; }
button { font: inherit; font-size: .8rem; font-variant-numeric: tabular-nums; color: var(--soft);
  background: none; border: 1px solid var(--line); border-radius: .3rem; padding: .05rem .4rem;
  cursor: pointer; }
button:hover { color: var(--text); border-color: var(--soft); }
:focus-visible { outline: 3px solid var(--now); outline-offset: 2px; }
.speaker { font-size: .85rem; color: var(--soft); }
.word { border-radius: .25rem; padding: .1rem .12rem; cursor: pointer; }
.p0 { background: var(--p0); text-decoration: underline wavy; }
.p1 { background: var(--p1); text-decoration: underline dotted; }
.p2 { background: var(--p2); }
.p3 { background: var(--p3); }
.p4 { background: var(--p4); }
main .word:hover { box-shadow: 0 0 0 2px var(--line); }
.word.now { background: var(--now); color: var(--now-text); }
@media print { header { position: static; } audio, button { display: none; } }
"""

SCRIPT = """'use strict';
(() => {
  const audio = document.querySelector('audio');
  if (!audio) return;
  const words = [...document.querySelectorAll('main .word')];
  const starts = words.map(word => Number(word.dataset.start));
  const ends = words.map(word => Number(word.dataset.end));
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let lit = -1;
  // The last word that has begun: a search by halves, for there may be many thousands.
  const at = time => {
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= time) low = middle + 1; else high = middle;
    }
    return low - 1;
  };
  const light = index => {
    if (index === lit) return;
    if (lit >= 0) { words[lit].classList.remove('now'); words[lit].removeAttribute('aria-current'); }
    lit = index;
    if (lit < 0) return;
    words[lit].classList.add('now');
    words[lit].setAttribute('aria-current', 'true');
    const box = words[lit].getBoundingClientRect();
    const top = document.querySelector('header').getBoundingClientRect().bottom;
    if (!audio.paused && (box.top < top || box.bottom > innerHeight)) {
      words[lit].scrollIntoView({block: 'center', behavior: still.matches ? 'auto' : 'smooth'});
    }
  };
  const show = () => {
    const time = audio.currentTime, index = at(time);
    light(index >= 0 && time < ends[index] ? index : -1);
  };
  const run = () => { show(); if (!audio.paused && !audio.ended) requestAnimationFrame(run); };
  audio.addEventListener('play', run);
  audio.addEventListener('seeked', show);
  audio.addEventListener('timeupdate', show);
  document.querySelector('main').addEventListener('click', event => {
    const from = event.target.closest('[data-start]');
    if (!from || String(getSelection())) return;  // marking text does not jump
    audio.currentTime = Number(from.dataset.start);
    audio.play();
  });
})();
"""
