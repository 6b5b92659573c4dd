// The dialog that asks for an API key; one at a time, however many requests want one.

import {byId} from './dom.js';
import {clearNotice, notice} from './notice.js';

const WHY = 'This service asks for a key. It is kept until this tab is closed.';
const WRONG = 'The service does not know this key. Is it complete?';

let asking = null;

// Resolves to a key: whoever closes the dialog finds a button that opens it again.
export function askForKey(isWrong) {
  asking ??= ask(isWrong).finally(() => { asking = null; });
  return asking;
}

async function ask(isWrong) {
  for (let key = await shown(isWrong); ; key = await shown(false)) {
    if (key) return key;
    await new Promise(resolve => notice('key', 'The service asks for an API key.', 'Enter the key', resolve));
    clearNotice('key');
  }
}

// Resolves to what is typed, "" where the dialog is closed without.
function shown(isWrong) {
  const dialog = byId('key'), input = byId('key-value');
  let given = '';
  byId('key-why').textContent = isWrong ? WRONG : WHY;
  byId('key-cancel').onclick = () => dialog.close();
  dialog.querySelector('form').onsubmit = () => { given = input.value; };  // method=dialog closes it
  dialog.showModal();
  return new Promise(resolve => {
    dialog.onclose = () => {
      input.value = '';
      resolve(given);
    };
  });
}
