// The language of the page.

import { createContext, type ComponentChildren } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { de } from './de';
import { en, type Messages } from './en';

import { makeFormat, type Format } from './format';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

interface Text {
  language: Language;
  /** What the page says. */
  t: Messages;
  /** How it writes figures. */
  f: Format;
}

const MESSAGES: Record<Language, Messages> = { en, de };
const TextContext = createContext<Text>({ language: 'en', t: en, f: makeFormat('en') });

export function TextProvider({ language, children }: { language: Language; children: ComponentChildren }) {
  const text = useMemo(() => ({ language, t: MESSAGES[language], f: makeFormat(language) }), [language]);
  return <TextContext.Provider value={text}>{children}</TextContext.Provider>;
}

export type { Messages };
export const useText = (): Text => useContext(TextContext);
