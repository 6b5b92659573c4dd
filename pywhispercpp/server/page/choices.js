// Model, language, translation and appearance: what is chosen, and remembered.

import {byId, make} from './dom.js';
import {remember, setting} from './store.js';

let englishOnly = new Set();

export function start() {
  for (const name of ['model', 'language']) {
    byId(name).addEventListener('change', () => remember(name, byId(name).value));
  }
  byId('translate').addEventListener('change', () => remember('translate', byId('translate').checked ? '1' : ''));
  byId('model').addEventListener('change', limit);
  const theme = byId('theme');
  theme.value = setting('theme') ?? '';
  theme.addEventListener('change', () => { remember('theme', theme.value); showTheme(); });
  showTheme();
}

// facts: what /page/facts.json says. The first model is the default.
export function fill({models, languages}) {
  englishOnly = new Set(models.filter(one => !one.multilingual).map(one => one.name));
  const model = byId('model'), language = byId('language');
  model.replaceChildren(...models.map(({name}) => make('option', {value: name}, name)));
  language.replaceChildren(
    make('option', {value: ''}, 'Detect it'),
    ...languages.map(({code, name}) => make('option', {value: code}, name)));
  choose(model, setting('model'));
  byId('translate').checked = Boolean(setting('translate'));
  limit();
}

// What a request is to say; null for what the service decides.
export function chosen() {
  const isEnglish = englishOnly.has(byId('model').value);
  return {
    model: byId('model').value || null,
    language: isEnglish ? null : byId('language').value || null,
    translate: !isEnglish && byId('translate').checked,
  };
}

function choose(select, value) {
  if ([...select.options].some(option => option.value === value)) select.value = value;
}

// A model for English alone leaves nothing else to choose.
function limit() {
  const name = byId('model').value, isEnglish = englishOnly.has(name);
  byId('language').disabled = byId('translate').disabled = isEnglish;
  choose(byId('language'), isEnglish ? 'en' : setting('language') ?? '');
  byId('english-only').textContent = isEnglish ? `${name} knows English only.` : '';
}

function showTheme() {
  const theme = byId('theme').value;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
