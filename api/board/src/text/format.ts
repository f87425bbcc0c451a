// Figures as a reader of a language writes them.

import type { Money } from '../api/types';
import type { Language } from './index';

/** How figures, amounts and times are written in one language. */
export interface Format {
  /** An amount; with decimals only where it has some and is below a hundred. */
  money: (money: Money) => string;
  number: (value: number, digits?: number) => string;
  /** 0.81 → 81 % */
  share: (value: number, digits?: number) => string;
  /** "99.5" → 99.5 % */
  percent: (value: string | number, digits?: number) => string;
  /** Like `share`, rounded down: what is missed by a little does not look kept. */
  shareDown: (value: number, digits?: number) => string;
  /** Like `percent`, rounded down. */
  percentDown: (value: string, digits?: number) => string;
  date: (value: string | Date) => string;
  dateTime: (value: string | Date) => string;
  time: (value: string | Date) => string;
  /** How far an instant is from now: in 3 hours, 2 days ago. */
  distance: (value: string | Date, now?: Date) => string;
  /** PT4H30M → 4 h 30 min */
  duration: (iso: string) => string;
  list: (words: string[]) => string;
}

/** The browser's own variant of the language where it has one, for its dates. */
function locale(language: Language): string {
  const own = navigator.languages.find((tag) => tag.startsWith(`${language}-`));
  return own ?? (language === 'de' ? 'de-DE' : 'en-GB');
}

const MINUTE = 60_000;
const STEPS: [Intl.RelativeTimeFormatUnit, number, number][] = [
  // Unit, its length, and up to which distance it is used; all in milliseconds.
  ['minute', MINUTE, 90 * MINUTE],
  ['hour', 60 * MINUTE, 36 * 60 * MINUTE],
  ['day', 24 * 60 * MINUTE, Number.POSITIVE_INFINITY],
];

export function makeFormat(language: Language): Format {
  const tag = locale(language);
  const dates = new Intl.DateTimeFormat(tag, { dateStyle: 'medium' });
  const dateTimes = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' });
  const times = new Intl.DateTimeFormat(tag, { timeStyle: 'short' });
  const distances = new Intl.RelativeTimeFormat(tag, { numeric: 'always' });
  const lists = new Intl.ListFormat(tag, { type: 'conjunction' });
  const percent = (value: number, digits: number) =>
    new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: digits }).format(value);
  const down = (exact: string, digits: number) =>
    new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: digits, roundingMode: 'floor', signDisplay: 'negative' })
      .format(exact as Intl.StringNumericLiteral);
  return {
    money: ({ amount, currency }) => {
      const value = Number(amount);
      const digits = Math.abs(value) < 100 && !Number.isInteger(value) ? 2 : 0;
      return new Intl.NumberFormat(tag, { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits })
        // A string is formatted exactly, however many digits it has.
        .format(amount as Intl.StringNumericLiteral);
    },
    number: (value, digits = 0) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(value),
    share: (value, digits = 0) => percent(value, digits),
    percent: (value, digits = 1) => percent(Number(value) / 100, digits),
    // What a sum of binary fractions is off by is no reason to round down.
    shareDown: (value, digits = 0) => down(value.toFixed(12), digits),
    // Divided by a hundred in writing, so that no digit changes.
    percentDown: (value, digits = 1) => down(`${value}e-2`, digits),
    date: (value) => dates.format(instant(value)),
    dateTime: (value) => dateTimes.format(instant(value)),
    time: (value) => times.format(instant(value)),
    distance: (value, now = new Date()) => {
      const away = instant(value).getTime() - now.getTime();
      const [unit, length] = STEPS.find(([, , until]) => Math.abs(away) < until) ?? ['day', 24 * 60 * MINUTE];
      return distances.format(Math.round(away / length), unit);
    },
    duration: (iso) => writeDuration(iso, (value, unit) =>
      new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'short' }).format(value)),
    list: (words) => lists.format(words),
  };
}

/** A calendar day is the reader's own, an instant is itself. */
function instant(value: string | Date): Date {
  if (value instanceof Date) return value;
  return /^\d{4}-\d\d-\d\d$/.test(value) ? new Date(`${value}T00:00:00`) : new Date(value);
}

function writeDuration(iso: string, write: (value: number, unit: string) => string): string {
  const found = /^-?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(iso);
  if (!found) return iso;
  const units = ['day', 'hour', 'minute', 'second'];
  const parts = units.flatMap((unit, place) => {
    const value = Number(found[place + 1] ?? 0);
    return value > 0 ? [write(value, unit)] : [];
  });
  return parts.join(' ') || write(0, 'minute');
}
