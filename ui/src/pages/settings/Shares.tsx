/** Links to shared views. */
import { Link } from '@tanstack/react-router';

import { useRevokeShare, useShares } from '../../api/people';
import { Card } from '../../components/Cards';
import { Sure, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered, Empty } from '../../components/States';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

export function Shares() {
  const { texts, locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const shares = useShares(view);
  const revoke = useRevokeShare(view);
  return (
    <Card title={words.section.shares} hint={words.shares.hint}>
      <Wrong error={revoke.error} />
      <Answered asked={shares} height={160}>
        {(answer) =>
          answer.shares.length === 0 ? (
            <Empty reason={words.shares.none} cure={words.shares.noneCure}>
              <Link to="/explore" className="button">
                {texts.pages.explore}
              </Link>
            </Empty>
          ) : (
            <Scrolls label={words.section.shares}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{words.name}</th>
                    <th scope="col">{words.shares.view}</th>
                    <th scope="col">{words.created}</th>
                    <th scope="col">{words.expires}</th>
                    <td />
                  </tr>
                </thead>
                <tbody>
                  {answer.shares.map((share) => (
                    <tr key={share.id}>
                      <th scope="row">{share.name}</th>
                      <td className="mono breaks">{share.view}</td>
                      <td className="soft">
                        {instant(locale, view.zone, share.created)} · {share.created_by}
                      </td>
                      <td className="soft">{share.expires == null ? words.always : instant(locale, view.zone, share.expires)}</td>
                      <td>
                        <Sure label={words.shares.revoke} about={share.name} sure={words.sure} keep={words.keep} busy={revoke.isPending} act={() => revoke.mutate(share.id)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolls>
          )
        }
      </Answered>
    </Card>
  );
}
