/** Texts that only some pages need, loaded with the first of them. */
import { use } from 'react';

import { usePreferences } from '../shell/preferences';
import type { glossaryEn } from './glossary-en';
import type { peopleEn } from './people-en';
import type { settingsEn } from './settings-en';
import type { startEn } from './start-en';
import type { workEn } from './work-en';

export interface Parts {
  glossary: typeof glossaryEn;
  people: typeof peopleEn;
  settings: typeof settingsEn;
  start: typeof startEn;
  work: typeof workEn;
}

const LOADS: { [Name in keyof Parts]: Record<string, () => Promise<Parts[Name]>> } = {
  glossary: {
    en: () => import('./glossary-en').then((module) => module.glossaryEn),
    de: () => import('./glossary-de').then((module) => module.glossaryDe),
  },
  people: {
    en: () => import('./people-en').then((module) => module.peopleEn),
    de: () => import('./people-de').then((module) => module.peopleDe),
  },
  settings: {
    en: () => import('./settings-en').then((module) => module.settingsEn),
    de: () => import('./settings-de').then((module) => module.settingsDe),
  },
  start: {
    en: () => import('./start-en').then((module) => module.startEn),
    de: () => import('./start-de').then((module) => module.startDe),
  },
  work: {
    en: () => import('./work-en').then((module) => module.workEn),
    de: () => import('./work-de').then((module) => module.workDe),
  },
};

const loaded = new Map<string, Promise<unknown>>();

/** The texts of a part in the reader's language; whoever asks waits until they are there. */
export function usePart<Name extends keyof Parts>(name: Name): Parts[Name] {
  const { language } = usePreferences();
  const key = `${name} ${language}`;
  let promise = loaded.get(key) as Promise<Parts[Name]> | undefined;
  if (promise === undefined) {
    promise = (LOADS[name][language] ?? LOADS[name].en)?.();
    if (promise === undefined) throw new Error(`there are no texts for ${key}`);
    loaded.set(key, promise);
  }
  return use(promise);
}
