// Names of languages by their codes, as the service tells them.

let names = new Map();

export function setLanguages(languages) {
  names = new Map(languages.map(({code, name}) => [code, name]));
}

export const languageName = code => names.get(code) ?? code;
