/** A board: its views, each drawn as it was saved. What a view does not say itself is as the bar says. */
import { Link, useParams, useRouter, useRouterState } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { useMay } from '../../api/access';
import { useAnswer } from '../../api/questions';
import { useBoards, useViews, type SavedBoard, type SavedView } from '../../api/saved';
import { Card } from '../../components/Cards';
import { Metric } from '../../components/Metric';
import { ShareDialog } from '../../components/ShareDialog';
import { Answered, Empty, Failed, Loading } from '../../components/States';
import { readExplore } from '../../router-search';
import { usePart } from '../../texts/parts';
import { parseSearch } from '../../view/search';
import { useView } from '../../view/use-view';
import { readView, type View } from '../../view/view';
import { exploreQuestion, showOf } from '../explore/question';
import { Shown } from '../explore/Shown';
import { EditBoard } from './EditBoard';

export default function BoardPage() {
  const words = usePart('work');
  const view = useView();
  const mayDefine = useMay('define');
  const { board: name } = useParams({ from: '/boards/$board' });
  const boards = useBoards(view);
  const views = useViews(view);
  const mayShare = useMay('shares');
  const [editing, setEditing] = useState(false);
  const [sharing, setSharing] = useState(false);
  const address = useRouterState({ select: (state) => state.location.href });
  const back = (
    <Link to="/boards" className="button quiet">
      ← {words.boards.title}
    </Link>
  );
  if (boards.isPending || views.isPending) return <Loading height={480} />;
  if (boards.isError || views.isError) return <Failed error={boards.error ?? views.error ?? new Error()} again={() => void boards.refetch()} />;
  const board = boards.data.boards.find((one) => one.name === name);
  if (board === undefined) return <Empty reason={words.boards.missing}>{back}</Empty>;
  return (
    <>
      <div className="page-head">
        <h1>{board.title}</h1>
        {board.description !== '' && <span className="soft">{board.description}</span>}
        <span className="row push">
          {back}
          {mayShare && (
            <button type="button" className="button" onClick={() => setSharing(true)}>
              {words.share.title}
            </button>
          )}
          {mayDefine && (
            <button type="button" className="button" onClick={() => setEditing(true)}>
              {words.edit}
            </button>
          )}
        </span>
      </div>
      <div className="grid wide board">
        {board.views.map((one) => {
          const saved = views.data.views.find((other) => other.name === one);
          return saved === undefined ? null : <Tile key={one} saved={saved} />;
        })}
      </div>
      {sharing && <ShareDialog address={address} shows={shownOn(board, views.data.views)} close={() => setSharing(false)} />}
      {editing && <EditBoard board={board} close={() => setEditing(false)} />}
    </>
  );
}

/** The addresses of the views of a board. */
function shownOn(board: SavedBoard, views: readonly SavedView[]): string[] {
  return views.filter((one) => board.views.includes(one.name)).map((one) => one.address);
}

function Tile({ saved }: { saved: SavedView }) {
  const words = usePart('work');
  const router = useRouter();
  const bar = useView();
  const { isExplore, search, view } = useMemo(() => readAddress(saved.address, bar), [saved.address, bar]);
  const question = exploreQuestion(search);
  // A saved address may name filters of its own.
  const answer = useAnswer(view, question, { enabled: isExplore && question.metrics.length > 0, apart: true });
  const show = showOf(search);
  const open = (
    <button type="button" className="button quiet" aria-label={`${words.views.open}: ${saved.title}`} onClick={() => router.history.push(saved.address)}>
      {words.views.open}
    </button>
  );
  if (!isExplore) {
    return (
      <Card title={saved.title} hint={saved.description} tools={open}>
        <p className="soft">{words.boards.link}</p>
      </Card>
    );
  }
  return (
    <Answered asked={answer} height={360}>
      {(all) =>
        all.dimensions.length === 0 ? (
          <Card title={saved.title} tools={open}>
            <div className="grid tight">
              {all.definitions.map((definition) => (
                <Metric key={definition.id} definition={definition} value={all.totals[definition.id]} />
              ))}
            </div>
          </Card>
        ) : (
          <div className="stack">
            <Shown answer={all} show={show} title={saved.title} tools={open} order={search.order} compact />
          </div>
        )
      }
    </Answered>
  );
}

/** The settings of an address upon those of the bar. */
function readAddress(address: string, bar: View) {
  const url = new URL(address, window.location.origin);
  const search = parseSearch(url.search);
  return { isExplore: url.pathname === '/explore', search: readExplore(search), view: { ...bar, ...readView(search) } };
}
