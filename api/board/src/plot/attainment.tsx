// What was attained against what was promised, and what is left of the error budget: a line for each promise.

import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { useId } from 'preact/hooks';
import type { KeptTarget, TargetAttainment } from '../api/types';
import { useText } from '../text';

export interface Row {
  key: string;
  name: string;
  detail: string;
  attainment: TargetAttainment;
}

/** The scale that all rows of a plot share, in percent: from a round value below the least to 100. */
function scaleOf(rows: Row[]): ScaleLinear<number, number> {
  const values = rows.flatMap(({ attainment }) => [Number(attainment.attained ?? 100), Number(attainment.target.objective)]);
  const least = Math.min(...values);
  const room = Math.max(0.05, (100 - least) * 1.15);
  return scaleLinear().domain([Math.max(0, 100 - room), 100]).range([0, 100]).nice(4);
}

/** Budgets are drawn down to twice what was allowed to go wrong. */
const BUDGET = scaleLinear().domain([-1, 1]).range([0, 100]).clamp(true);

/** Fewer than so many events say little. */
const FEW = 5;

/** Whether a promise is made to everybody. */
export const isForAll = ({ target }: KeptTarget) => target.agreement !== null && target.agreement.customer === null;

/** How many more went wrong than may: one of one is less than eleven of twenty, whatever share of its allowance it is. */
function missedBeyond({ attainment: { total, good, target } }: Row): number {
  const allowed = total * (1 - Number(target.objective) / 100);
  return Math.max(0, total - good - allowed);
}

/** The lowest budget first. */
const byBudget = (a: Row, b: Row) => (a.attainment.errorBudgetLeft ?? 1) - (b.attainment.errorBudgetLeft ?? 1);

/** What needs a word most stands above. */
const byMissed = (a: Row, b: Row) => missedBeyond(b) - missedBeyond(a) || byBudget(a, b);

/** Two plots, since hundredths of a percent count for availability and would not be seen beside the others. */
export function AttainmentPlots({ rows }: { rows: Row[] }) {
  const { t } = useText();
  // What availability counts, seconds here and calls there, is not to be compared; shares are.
  const ofAvailability = rows.filter(({ attainment }) => attainment.target.metric === 'AVAILABILITY').sort(byBudget);
  const ofTimes = rows.filter(({ attainment }) => attainment.target.metric !== 'AVAILABILITY').sort(byMissed);
  return (
    <>
      {ofAvailability.length > 0 && <AttainmentPlot title={t.promises.availability} rows={ofAvailability} />}
      {ofTimes.length > 0 && <AttainmentPlot title={t.promises.times} rows={ofTimes} />}
    </>
  );
}

function AttainmentPlot({ title, rows }: { title: string; rows: Row[] }) {
  const { t, f } = useText();
  const heading = useId();
  const scale = scaleOf(rows);
  const ticks = scale.ticks(4).filter((tick, place, all) => place === 0 || place === all.length - 1 || Math.abs(scale(tick) - 50) < 24);
  return (
    <section class="promises" aria-labelledby={heading}>
      <h2 id={heading}>{title}</h2>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby={heading}>
        <table class="plot-table">
          <thead>
            <tr>
              <th scope="col">{t.promises.promise}</th>
              <th scope="col" class="plot-cell">
                {t.promises.attained}
                <Axis ticks={ticks.map((tick) => [scale(tick), f.percent(tick, 3)])} />
              </th>
              <th scope="col" class="right">{t.promises.objective}</th>
              <th scope="col" class="plot-cell">
                {t.promises.budget}
                <Axis ticks={[-1, 0, 1].map((tick) => [BUDGET(tick), f.share(tick)])} />
              </th>
              <th scope="col" class="right">{t.promises.measured}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => <PlotRow key={row.key} row={row} scale={scale} ticks={ticks} />)}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function PlotRow({ row, scale, ticks }: { row: Row; scale: ScaleLinear<number, number>; ticks: number[] }) {
  const { t, f } = useText();
  const { target, attained, errorBudgetLeft, total, good, met } = row.attainment;
  const isAvailability = target.metric === 'AVAILABILITY';
  // As many as the objective has, so that both can be compared as they are read.
  const digits = Math.max(isAvailability ? 3 : 1, target.objective.split('.')[1]?.length ?? 0);
  return (
    <tr class={met === false ? 'missed' : 'kept'}>
      <th scope="row">
        <span class="row-name">{row.name}</span>
        <span class="row-detail">{row.detail}</span>
      </th>
      <td class="plot-cell">
        <span class="row-figure" data-value={attained ?? ''}>
          {attained === null ? t.state.unknown : f.percentDown(attained, digits)}
          <span class="verdict">{met ? ` ✓ ${t.promises.kept}` : ` ✗ ${t.promises.missed}`}</span>
        </span>
        <AttainedBar at={scale(Number(attained))} objective={scale(Number(target.objective))} ticks={ticks.map(scale)} />
      </td>
      <td class="right">{f.percent(target.objective, digits)}</td>
      <td class="plot-cell">
        <span class="row-figure">{errorBudgetLeft === null ? '–' : errorBudgetLeft < -1 ? t.promises.beyond(f.share(-1)) : f.shareDown(errorBudgetLeft)}</span>
        <BudgetBar left={errorBudgetLeft} />
      </td>
      <td class="right">
        {isAvailability ? f.shareDown(total > 0 ? good / total : 0, digits) : t.promises.good(f.number(good), f.number(total))}
        {total < FEW && <span class="row-detail">{t.promises.few}</span>}
      </td>
    </tr>
  );
}

function Axis({ ticks }: { ticks: [number, string][] }) {
  return (
    <svg class="axis" aria-hidden="true">
      {ticks.map(([at, label]) => (
        <text key={label} x={`${at}%`} y="10" text-anchor={at < 8 ? 'start' : at > 92 ? 'end' : 'middle'}>{label}</text>
      ))}
    </svg>
  );
}

function AttainedBar({ at, objective, ticks }: { at: number; objective: number; ticks: number[] }) {
  return (
    <svg class="bar" aria-hidden="true">
      {ticks.map((tick) => <line key={tick} class="grid" x1={`${tick}%`} x2={`${tick}%`} y1="0" y2="16" />)}
      <line class="rail" x1="0" x2="100%" y1="8" y2="8" />
      <line class="gap" x1={`${at}%`} x2={`${objective}%`} y1="8" y2="8" />
      <line class="objective" x1={`${objective}%`} x2={`${objective}%`} y1="1" y2="15" />
      <circle class="dot" cx={`${at}%`} cy="8" r="5" />
    </svg>
  );
}

function BudgetBar({ left }: { left: number | null }) {
  const zero = BUDGET(0);
  const end = BUDGET(left ?? 0);
  const isBeyond = left !== null && left < -1;
  return (
    <svg class="bar" aria-hidden="true">
      <rect class="track" width="100%" height="10" y="3" rx="2" />
      <rect class="fill" x={`${Math.min(zero, end)}%`} width={`${Math.abs(end - zero)}%`} height="10" y="3" />
      {isBeyond && <path class="beyond" d="M8 3 L2 8 L8 13 Z" />}
      <line class="objective" x1={`${zero}%`} x2={`${zero}%`} y1="1" y2="15" />
    </svg>
  );
}
