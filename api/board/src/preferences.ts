// How the reader wants the page: kept in the browser, as the system has it where nothing is said.

import type { Language } from './text';

const LANGUAGE = 'kundig.language';
const THEME = 'kundig.theme';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The chosen language, else the first of the browser's that there is. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(LANGUAGE);
  const wanted = chosen ? [chosen] : navigator.languages;
  for (const tag of wanted) {
    if (tag.startsWith('de')) return 'de';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(LANGUAGE, language);
}

export function preferredTheme(): Theme {
  const chosen = localStorage.getItem(THEME);
  return THEMES.find((theme) => theme === chosen) ?? 'system';
}

/** Shows the page in a theme, and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(THEME);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(THEME, theme);
    document.documentElement.dataset['theme'] = theme;
  }
}
