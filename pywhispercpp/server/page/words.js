// Words of a transcript as elements, coloured by how sure the model was; formats/html_page.py has the same levels.

import {make} from './dom.js';

const LEVELS = 5;  // of confidence: 0 least

// The words where they stand in their segments' texts: [{start, end, pieces: [{gap, word, start, end, probability}]}].
// What is between words stays between them; together the pieces are the segment's text.
export function placed(segments, words) {
  let next = 0;
  return segments.map(({text: raw, start, end}) => {
    const text = raw.trim(), pieces = [];
    let at = 0;
    for (; next < words.length; next += 1) {
      const word = words[next], found = text.indexOf(word.word, at);
      if (found >= 0) {
        pieces.push({...word, gap: text.slice(at, found)});
        at = found + word.word.length;
      } else if (word.start >= end || at === text.length) {
        break;  // the next segment's
      }
    }
    if (!pieces.length) pieces.push({gap: '', word: text, start, end, probability: null});
    else pieces.at(-1).word += text.slice(at);
    return {start, end, pieces};
  });
}

export function wordElement({word, start, end, probability}) {
  const isKnown = typeof probability === 'number';
  const level = isKnown ? Math.min(LEVELS - 1, Math.floor(probability * LEVELS)) : LEVELS - 1;
  const element = make('span', {className: `word p${level}`}, word);
  element.dataset.start = start;
  element.dataset.end = end;
  if (isKnown) element.title = `${Math.round(100 * probability)} %`;
  return element;
}
