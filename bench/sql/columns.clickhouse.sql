-- Reads every column that the fold needs and keeps nothing: the floor under any way to make sessions.
select
    count() as events,
    max(length(conversation_id)) as conversation_id,
    toUnixTimestamp64Micro(max(toDateTime64(ts, 6))) as ts,
    max(length(event_type)) as event_type,
    max(topic_kind) as topic_kind,
    max(length(user_id)) as user_id,
    max(length(channel)) as channel,
    sum(e.tokens) as tokens,
    max(score) as score
from file('{events}', Parquet) as e;
