/** Language and colours: of the system unless somebody chose, kept in the browser. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';

import { en, type Texts } from '../texts/en';

export type Theme = 'system' | 'light' | 'dark';

/** The languages, and how their texts are loaded; English is there from the beginning. */
export const LANGUAGES: Record<string, { name: string; load: () => Promise<Texts> }> = {
  en: { name: 'English', load: () => Promise.resolve(en) },
  de: { name: 'Deutsch', load: () => import('../texts/de').then((module) => module.de) },
};

interface Preferences {
  texts: Texts;
  /** The language of numbers and dates: the reader's own variety where it is one of ours. */
  locale: string;
  language: string;
  setLanguage: (language: string) => void;
  theme: Theme;
  setTheme: (theme: Theme) => void;
}

const Context = createContext<Preferences | null>(null);

function kept(name: string): string | null {
  try {
    return localStorage.getItem(`upshot.${name}`);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`upshot.${name}`, value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

function firstLanguage(): string {
  const chosen = kept('language');
  if (chosen !== null && chosen in LANGUAGES) return chosen;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? 'en';
}

function firstTheme(): Theme {
  const chosen = kept('theme');
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  const [theme, setTheme] = useState(firstTheme);
  const [texts, setTexts] = useState<Texts | null>(language === 'en' ? en : null);

  useEffect(() => {
    let current = true;
    LANGUAGES[language]
      ?.load()
      .catch(() => en)
      .then((loaded) => {
        if (current) setTexts(loaded);
      });
    document.documentElement.lang = language;
    return () => {
      current = false;
    };
  }, [language]);

  useEffect(() => {
    if (theme === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.dataset.theme = theme;
  }, [theme]);

  const value = useMemo(() => {
    if (texts === null) return null;
    const own = navigator.languages.find((tag) => tag.startsWith(language));
    return {
      texts,
      locale: own ?? language,
      language,
      setLanguage: (chosen: string) => {
        keep('language', chosen);
        setLanguage(chosen);
      },
      theme,
      setTheme: (chosen: Theme) => {
        keep('theme', chosen);
        setTheme(chosen);
      },
    };
  }, [texts, language, theme]);
  return value === null ? null : <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  const found = useContext(Context);
  if (found === null) throw new Error('there are no preferences outside of their provider');
  return found;
}

/** The texts in the reader's language. */
export function useTexts(): Texts {
  return usePreferences().texts;
}
