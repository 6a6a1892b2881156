/** The boards: saved views beside each other. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { useMay } from '../../api/access';
import { useBoards, useRemoveBoard, useViews, type SavedBoard } from '../../api/saved';
import { Card } from '../../components/Cards';
import { Sure, Wrong } from '../../components/Forms';
import { Answered, Empty } from '../../components/States';
import { instant, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { EditBoard } from './EditBoard';

export default function Boards() {
  const { locale } = usePreferences();
  const words = usePart('work');
  const view = useView();
  const navigate = useNavigate();
  const mayDefine = useMay('define');
  const boards = useBoards(view);
  const views = useViews(view);
  const removing = useRemoveBoard(view);
  const [edited, setEdited] = useState<SavedBoard | 'new' | null>(null);
  return (
    <>
      <div className="page-head">
        <h1>{words.boards.title}</h1>
        <span className="soft">{words.boards.hint}</span>
      </div>
      <Card
        title={words.boards.title}
        tools={
          mayDefine && (
            <button type="button" className="button" onClick={() => setEdited('new')} disabled={(views.data?.views.length ?? 0) === 0}>
              {words.boards.add}
            </button>
          )
        }
      >
        <Wrong error={removing.error} />
        <Answered asked={boards} height={160}>
          {(answer) =>
            answer.boards.length === 0 ? (
              <Empty reason={words.boards.none} cure={(views.data?.views.length ?? 0) === 0 ? words.boards.noViews : words.boards.noneCure}>
                <Link to="/explore" className="button">
                  {words.boards.toExplore}
                </Link>
              </Empty>
            ) : (
              <ul className="plain-list">
                {answer.boards.map((board) => (
                  <li key={board.name} className="row list-entry">
                    <span className="grows">
                      <Link to="/boards/$board" params={{ board: board.name }}>
                        {board.title}
                      </Link>
                      <span className="soft small search-hint">
                        {[board.description, words.boards.views(whole(locale, board.views.length)), instant(locale, view.zone, board.changed)].filter((part) => part !== '').join(' · ')}
                      </span>
                    </span>
                    {mayDefine && (
                      <>
                        <button type="button" className="button quiet" aria-label={`${words.edit}: ${board.title}`} onClick={() => setEdited(board)}>
                          {words.edit}
                        </button>
                        <Sure label={words.remove} about={board.title} sure={words.reallyRemove} keep={words.keep} busy={removing.isPending} act={() => removing.mutate(board.name)} />
                      </>
                    )}
                  </li>
                ))}
              </ul>
            )
          }
        </Answered>
      </Card>
      {edited !== null && (
        <EditBoard
          board={edited === 'new' ? undefined : edited}
          close={(saved) => {
            setEdited(null);
            if (saved !== undefined && edited === 'new') void navigate({ to: '/boards/$board', params: { board: saved } });
          }}
        />
      )}
    </>
  );
}
