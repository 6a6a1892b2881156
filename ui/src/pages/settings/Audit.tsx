/** Who did what. */
import { useAudit } from '../../api/people';
import { Card } from '../../components/Cards';
import { Scrolls } from '../../components/Scrolls';
import { Empty, Failed, Loading } from '../../components/States';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

export function Audit() {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const audit = useAudit(view);
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Card title={words.section.audit} hint={words.audit.hint}>
      {audit.isPending && <Loading height={320} />}
      {audit.isError && <Failed error={audit.error} again={() => void audit.refetch()} />}
      {audit.isSuccess && entries.length === 0 && <Empty reason={words.audit.none} />}
      {entries.length > 0 && (
        <Scrolls label={words.section.audit}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.audit.time}</th>
                <th scope="col">{words.audit.who}</th>
                <th scope="col">{words.audit.action}</th>
                <th scope="col">{words.audit.subject}</th>
                <th scope="col">{words.audit.detail}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry, place) => (
                <tr key={`${entry.time} ${place}`}>
                  <th scope="row">{instant(locale, view.zone, entry.time)}</th>
                  <td>{entry.who}</td>
                  <td className="mono">{entry.action}</td>
                  <td className="breaks">{entry.subject}</td>
                  <td className="soft breaks">{entry.detail}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
      {audit.hasNextPage && (
        <div>
          <button type="button" className="button" disabled={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
            {words.audit.more}
          </button>
        </div>
      )}
    </Card>
  );
}
