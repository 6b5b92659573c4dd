// What the browser keeps: settings and tasks in localStorage, the key in sessionStorage, recordings in IndexedDB.
// A browser may refuse any of it. Then the page works on, and forgets when it is left.

const PREFIX = 'pywhispercpp.';
const TASK = `${PREFIX}task.`;

function attempt(work, otherwise = null) {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

export const setting = name => attempt(() => localStorage.getItem(PREFIX + name));

export function remember(name, value) {
  attempt(() => localStorage.setItem(PREFIX + name, value));
}

let heldKey = null;  // where there is no sessionStorage

export const key = () => attempt(() => sessionStorage.getItem(`${PREFIX}key`)) ?? heldKey;

export function rememberKey(value) {
  heldKey = value;
  attempt(() => sessionStorage.setItem(`${PREFIX}key`, value));
}

// Each task has an entry of its own, so that two tabs do not overwrite each other's.
export function tasks() {
  const names = attempt(() => Object.keys(localStorage), []).filter(name => name.startsWith(TASK));
  const found = names.map(name => attempt(() => JSON.parse(localStorage.getItem(name))));
  return found.filter(one => one && typeof one.id === 'string').sort((a, b) => a.sent - b.sent);
}

export function keepTask(task) {
  attempt(() => localStorage.setItem(TASK + task.id, JSON.stringify(task)));
}

export function forgetTask(id) {
  attempt(() => localStorage.removeItem(TASK + id));
  void recordings('readwrite', store => store.delete(id));
}

export const keepRecording = (id, file) => recordings('readwrite', store => store.put(file, id));

export const recording = id => recordings('readonly', store => store.get(id));

// Recordings of tasks that are not listed any more go.
export async function cleanRecordings() {
  const known = new Set(tasks().map(task => task.id));
  for (const id of await recordings('readonly', store => store.getAllKeys()) ?? []) {
    if (!known.has(id)) await recordings('readwrite', store => store.delete(id));
  }
}

let database = null;

function opened() {
  database ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('pywhispercpp', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('recordings');
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
  return database;
}

// The result of one request, undefined where there is none or the browser refuses.
async function recordings(mode, ask) {
  try {
    const transaction = (await opened()).transaction('recordings', mode);
    const request = ask(transaction.objectStore('recordings'));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return undefined;
  }
}
