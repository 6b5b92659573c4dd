// Small things that every part of the page needs. Text becomes text here: nothing is ever read as HTML.

export const byId = id => document.getElementById(id);

export const fromTemplate = id => byId(id).content.firstElementChild.cloneNode(true);

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);  // strings become text nodes
  return element;
}

// 75 -> "1:15", 3675 -> "1:01:15".
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = number => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

// Tell a screen reader, without moving anything.
export function say(text) {
  byId('said').textContent = text;
}

export function saveAs(blob, name) {
  const address = URL.createObjectURL(blob);
  make('a', {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

export async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {  // not permitted, or a page without https
    button.textContent = 'Not permitted';
  }
  say(button.textContent);
  setTimeout(() => { button.textContent = label; }, 2000);
}
