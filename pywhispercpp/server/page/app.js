// The page: files, recordings and live captions go in, transcripts come out. No framework, no build step.

import {address, json} from './api.js';
import {caption} from './captions.js';
import * as choices from './choices.js';
import {byId, say} from './dom.js';
import {setLanguages} from './language_names.js';
import {Microphone} from './microphone.js';
import {clearNotice, notice} from './notice.js';
import {record} from './recorder.js';
import * as store from './store.js';
import {Task} from './task.js';
import {TaskCard} from './task_card.js';

let limitMb = Infinity;
const tasks = new Set();
let isOpening = false;  // the microphone, or it is used already

async function start() {
  choices.start();
  startChoosing();
  startDropping();
  byId('record').addEventListener('click', () => void during('recorder', recordAndSend));
  byId('listen').addEventListener('click', () => void during('captions', microphone => caption(microphone, choices.chosen())));
  addEventListener('beforeunload', event => {
    if (!byId('recorder').hidden || [...tasks].some(task => task.isLeaving)) event.preventDefault();
  });
  const kept = store.tasks().map(Task.kept);  // before anything new is sent
  kept.forEach(list);
  await learn();
  for (const task of kept) {
    void task.recording().then(() => task.onchange());
    void task.follow();
  }
  void store.cleanRecordings();
}

// What the service has: models, languages, limits.
async function learn() {
  try {
    const facts = await json(address('page/facts.json'));
    limitMb = facts.max_upload_mb;
    setLanguages(facts.languages);
    choices.fill(facts);
    for (const task of tasks) task.onchange();
    byId('listen').hidden = !facts.has_live_captions;
    const {delete_results_after_m: minutes} = facts;
    byId('kept').textContent = `, and deleted by the service ${minutes} minutes after it is done`;
    clearNotice('facts');
  } catch (error) {
    notice('facts', error.message, 'Try again', () => void learn());
  }
}

function send(name, wish, file) {
  const task = new Task(name, wish, file);
  list(task);
  void task.send(limitMb);
}

function sendFiles(files) {
  for (const file of files) send(file.name, choices.chosen(), file);
}

// The newest first.
function list(task) {
  tasks.add(task);
  const card = new TaskCard(task, old => send(old.name, old.wish, old.file));
  byId('tasks').prepend(card.element);
}

function startChoosing() {
  const input = byId('files');
  byId('choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    sendFiles([...input.files]);
    input.value = '';  // the same file may be chosen again
  });
}

// Anywhere on the page: a file that misses a target would be opened by the browser instead.
function startDropping() {
  const holdsFiles = event => event.dataTransfer?.types.includes('Files');
  const mark = isOver => document.body.classList.toggle('dragging', isOver);
  addEventListener('dragover', event => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  addEventListener('dragleave', event => { if (!event.relatedTarget) mark(false); });
  addEventListener('drop', event => {
    mark(false);
    if (!holdsFiles(event)) return;
    event.preventDefault();
    sendFiles([...event.dataTransfer.files]);
  });
}

async function recordAndSend(microphone) {
  const file = await record(microphone);
  if (file) sendFiles([file]);
  else say('Discarded');
}

// Show a panel instead of the buttons while the microphone is used; what plays would be heard too.
async function during(panel, work) {
  if (isOpening) return;
  const from = document.activeElement;
  let microphone = null;
  isOpening = true;
  clearNotice('microphone');
  try {
    microphone = await Microphone.open();
    for (const audio of document.querySelectorAll('audio')) audio.pause();
    byId('start').hidden = true;
    byId(panel).hidden = false;
    byId(panel).querySelector('button').focus();
    await work(microphone);
  } catch (error) {
    notice('microphone', error.message);
  } finally {
    isOpening = false;
    microphone?.close();
    byId(panel).hidden = true;
    byId('start').hidden = false;
    from.focus();
  }
}

void start();
