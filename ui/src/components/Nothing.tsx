/** What a page says where its range holds no session: why, and what to do. */
import { Link } from '@tanstack/react-router';

import { useMay } from '../api/access';
import { useAnswer } from '../api/questions';
import { useTexts } from '../shell/preferences';
import { everythingOf, type View } from '../view/view';
import { Empty } from './States';

/** Whether the view holds no session, and whether there never was one. */
export function useNothing(view: View): 'here' | 'ever' | false {
  const here = useAnswer({ ...view, compare: 'none' }, { metrics: ['sessions'] });
  const isEmpty = here.data?.totals.sessions?.value === 0 && !here.isPlaceholderData;
  const ever = useAnswer(everythingOf(view), { metrics: ['sessions'] }, { enabled: isEmpty, apart: true });
  if (!isEmpty || ever.data === undefined) return false;
  return ever.data.totals.sessions?.value === 0 ? 'ever' : 'here';
}

export function Nothing({ ever }: { ever: boolean }) {
  const texts = useTexts();
  const mayIngest = useMay('ingest');
  return ever ? (
    <Empty reason={texts.states.noEvents} cure={texts.states.noEventsCure}>
      {mayIngest && (
        <Link to="/start" className="button main">
          {texts.states.begin}
        </Link>
      )}
    </Empty>
  ) : (
    <Empty reason={texts.states.emptyRange} cure={texts.states.emptyCure} />
  );
}
