// What was declined, by reason, and what was offered instead.

import { useQuery } from '../api/hooks';
import type { DeclineReason, Page } from '../api/types';
import { Bar } from '../plot/bars';
import { useText } from '../text';
import { Answered, Empty } from '../ui/state';
import { DECLINED, type DeclinedRequest } from './query';

export function Declined() {
  const { t } = useText();
  const asked = useQuery<{ serviceRequests: Page<DeclinedRequest> }>(DECLINED, {});
  return (
    <section>
      <h2>{t.gap.declined}</h2>
      <Answered asked={asked}>{({ serviceRequests }) => <Reasons requests={serviceRequests.nodes} />}</Answered>
    </section>
  );
}

function Reasons({ requests }: { requests: DeclinedRequest[] }) {
  const { t, f } = useText();
  const groups = new Map<DeclineReason, DeclinedRequest[]>();
  for (const request of requests) {
    if (!request.decline) continue;
    const { reason } = request.decline;
    groups.set(reason, [...(groups.get(reason) ?? []), request]);
  }
  if (groups.size === 0) return <Empty>{t.gap.declinedEmpty}</Empty>;
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const most = sorted[0]?.[1].length ?? 1;
  return (
    <>
      <p class="muted">{t.gap.declinedOf(f.number(requests.length))}</p>
      <ul class="rows">
        {sorted.map(([reason, declined]) => (
          <li key={reason} class="row row-stacked">
            <details>
              <summary>
                <span>{t.declineReason[reason]}</span>
                <span class="row-amount"><span class="figure">{f.number(declined.length)}</span><Bar share={declined.length / most} /></span>
              </summary>
              <ul class="explanations">
                {declined.map((request) => <Explanation key={request.id} request={request} />)}
              </ul>
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}

function Explanation({ request }: { request: DeclinedRequest }) {
  const { t, f } = useText();
  const { decline } = request;
  return (
    <li>
      <p><strong>{request.title}</strong> <span class="muted">{request.number}</span></p>
      <p>{decline?.explanation}</p>
      {decline?.alternative && <p>{t.gap.instead(decline.alternative.name)}</p>}
      {decline?.revisitOn && <p>{t.gap.revisit(f.date(decline.revisitOn))}</p>}
    </li>
  );
}
