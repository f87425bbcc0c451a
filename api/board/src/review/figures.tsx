import { useText } from '../text';
import type { BusinessReview } from './query';

/** The review's figures, in groups. */
export function Figures({ review }: { review: BusinessReview }) {
  const { t, f } = useText();
  const { satisfaction } = review;
  const groups: { title: string; figures: [string, string][] }[] = [
    {
      title: t.review.requests,
      figures: [
        [f.number(review.requestsSubmitted), t.review.submitted],
        [f.number(review.requestsFulfilled), t.review.fulfilled],
        [f.number(review.requestsDeclined), t.review.declined],
        ...(review.selfServed === null ? [] : [[f.percent(review.selfServed, 0), t.review.selfServed] as [string, string]]),
      ],
    },
    {
      title: t.review.incidents,
      figures: [[f.number(review.incidents), t.review.incidents], [f.money(review.lostValue), t.review.lost]],
    },
    {
      title: t.review.demands,
      figures: [[f.number(review.demandsMet), t.review.met], [f.number(review.demandsOpen), t.review.open]],
    },
    {
      title: t.review.satisfaction,
      figures: satisfaction.csat === null
        ? [['–', t.review.tooFew]]
        : [[f.percent(satisfaction.csat, 0), t.review.content], [f.number(satisfaction.responses), t.review.answers(satisfaction.responses).replace(/^\S+ /, '')]],
    },
  ];
  return (
    <div class="cards">
      {groups.map(({ title, figures }) => (
        <section key={title} class="card">
          <h3>{title}</h3>
          <dl class="pairs">
            {figures.map(([value, name]) => (
              <div key={name}><dt>{name}</dt><dd class="figure">{value}</dd></div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
