/** Language and colours. */
import { LANGUAGES, usePreferences, type Theme } from './preferences';

const THEMES: Theme[] = ['system', 'light', 'dark'];

export function PreferenceFields() {
  const { texts, theme, setTheme, language, setLanguage } = usePreferences();
  return (
    <>
        <label className="stack" style={{ gap: 4 }}>
          {texts.shell.theme}
          <select value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {texts.shell.themes[one]}
              </option>
            ))}
          </select>
        </label>
        <label className="stack" style={{ gap: 4 }}>
          {texts.shell.language}
          <select value={language} onChange={(event) => setLanguage(event.target.value)}>
            {Object.entries(LANGUAGES).map(([code, entry]) => (
              <option key={code} value={code} lang={code}>
                {entry.name}
              </option>
            ))}
          </select>
        </label>
    </>
  );
}
