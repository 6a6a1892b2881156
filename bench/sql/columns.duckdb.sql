-- Reads every column that the fold needs and keeps nothing: the floor under any way to make sessions.
select
    count(*) as events,
    max(strlen(conversation_id)) as conversation_id,
    epoch_us(max(ts)) as ts,
    max(strlen(event_type)) as event_type,
    max(topic_kind) as topic_kind,
    max(strlen(user_id)) as user_id,
    max(strlen(channel)) as channel,
    sum(tokens)::bigint as tokens,
    max(score) as score
from read_parquet('{events}');
