// The notice at the top: what keeps the whole page from working, and what can be done.

import {byId} from './dom.js';

let shown = null;

export function notice(kind, text, label = '', action = null) {
  if (shown === kind && byId('notice-text').textContent === text) return;
  shown = kind;
  byId('notice-text').textContent = text;
  const button = byId('notice-action');
  button.hidden = !action;
  button.textContent = label;
  button.onclick = action;
  byId('notice').hidden = false;
}

export function clearNotice(kind) {
  if (shown !== kind) return;
  shown = null;
  byId('notice').hidden = true;
}
