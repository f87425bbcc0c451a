// What IT did for a customer in a quarter: the page to take to the review meeting.

import { useMemo } from 'preact/hooks';
import { useQuery } from '../api/hooks';
import type { Named } from '../api/types';
import { AttainmentPlots, isForAll, type Row } from '../plot/attainment';
import { address, setParameters, type Route } from '../route';
import { useText } from '../text';
import { About, CatalogSelect, useChosen } from '../ui/catalog-select';
import { Select } from '../ui/controls';
import { Heading } from '../ui/heading';
import { Answered, Empty } from '../ui/state';
import { Figures } from './figures';
import { REVIEW, type BusinessReview, type ReviewAnswer } from './query';

interface Quarter {
  value: string;
  year: number;
  quarter: number;
  from: string;
  until: string;
  isOver: boolean;
}

/** How many quarters can be chosen, the present one included. */
const QUARTERS = 6;

/** The present quarter up to this hour, once it has one behind it, and those before it. */
function quarters(now: Date): Quarter[] {
  const hour = new Date(now);
  hour.setMinutes(0, 0, 0);
  return Array.from({ length: QUARTERS }, (_, ago) => {
    const first = new Date(now.getFullYear(), 3 * (Math.floor(now.getMonth() / 3) - ago), 1);
    const end = new Date(first.getFullYear(), first.getMonth() + 3, 1);
    const quarter = first.getMonth() / 3 + 1;
    const isOver = end <= now;
    return {
      value: `${first.getFullYear()}-${quarter}`, year: first.getFullYear(), quarter,
      from: first.toISOString(), until: (isOver ? end : hour).toISOString(), isOver,
    };
  }).filter(({ from, until }) => from < until);
}

export function Review({ route }: { route: Route }) {
  const { t } = useText();
  const choices = useMemo(() => quarters(new Date()), []);
  const customer = useChosen('customer', route.parameters.get('customer'));
  const quarter = choices.find(({ value }) => value === route.parameters.get('quarter')) ?? choices[0];
  const asked = useQuery<ReviewAnswer>(
    REVIEW, customer.one && quarter ? { customerId: customer.one.id, from: quarter.from, until: quarter.until } : null,
  );
  const name = (one: Quarter) => t.review.quarterName(one.quarter, one.year) + (one.isOver ? '' : `, ${t.review.now}`);
  return (
    <>
      <Heading title={t.app.view.review} lead={t.review.lead} />
      <section class="filters" aria-label={t.review.quarter}>
        <CatalogSelect
          label={t.review.customer} all="–" chosen={customer}
          onChange={(next) => setParameters({ customer: next })}
        />
        <Select
          label={t.review.quarter}
          value={quarter?.value ?? ''}
          options={choices.map((one) => ({ value: one.value, label: name(one) }))}
          onChange={(next) => setParameters({ quarter: next })}
        />
        <button type="button" onClick={() => print()}>{t.review.print}</button>
      </section>
      {!customer.slug && <Empty>{t.review.choose}</Empty>}
      {customer.slug && quarter && (
        <About chosen={[customer]}>
          <Answered asked={asked}>
            {({ businessReview }) => businessReview
              ? <Reviewed review={businessReview} period={t.review.quarterName(quarter.quarter, quarter.year)} />
              : <Empty>{t.state.nothing}</Empty>}
          </Answered>
        </About>
      )}
    </>
  );
}

/** How many parts are named. */
const NAMED = 10;

/** What the review leaves out, each with its own review. */
function Without({ parts }: { parts: Named[] }) {
  const { t, f } = useText();
  const further = parts.length - NAMED;
  return (
    <p class="muted without">
      {t.review.without}{' '}
      {parts.slice(0, NAMED).map(({ slug, name }, place) => (
        <>{place > 0 && ', '}<a href={address('review', null, { customer: slug })}>{name}</a></>
      ))}
      {further > 0 && ` ${t.gap.further(further, f.number)}`}
    </p>
  );
}

/** The last instant of a review: its end is the first one that is no part of it. */
const lastOf = ({ until }: BusinessReview) => new Date(new Date(until).getTime() - 1);

function Reviewed({ review, period }: { review: BusinessReview; period: string }) {
  const { t, f } = useText();
  const measured = review.attainment.filter(({ total }) => total > 0);
  const rows = measured.map((attainment): Row => {
    const { target } = attainment;
    const parts = [
      t.metric[target.metric], target.priority, target.within && t.promises.within(f.duration(target.within)),
      isForAll(attainment) && t.promises.forAll,
    ];
    return {
      key: target.id,
      name: target.agreement?.name ?? t.metric[target.metric],
      detail: parts.filter(Boolean).join(' · '),
      attainment,
    };
  });
  return (
    <article class="review">
      <header>
        <h2>{t.review.title(review.customer.name, period)}</h2>
        <p class="muted">{t.review.span(f.date(review.from), f.date(lastOf(review)))}</p>
        {review.parts.length > 0 && <Without parts={review.parts} />}
        <p class="lead">
          {t.review.words(review.requestsSubmitted, review.requestsFulfilled, f.money(review.lostValue), f.number)}
        </p>
      </header>
      <Figures review={review} />
      {rows.length > 0
        ? <AttainmentPlots rows={rows} />
        : <Empty>{t.review.noPromises}</Empty>}
    </article>
  );
}
