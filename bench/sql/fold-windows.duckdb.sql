-- Sessions by window functions, as one would write it first: every event is sorted by conversation.
with marked as (
    select *, coalesce(ts - lag(ts) over conversation > interval 30 minutes, false) as begins
    from read_parquet('{events}')
    window conversation as (partition by conversation_id order by ts)
),
numbered as (
    select *,
        sum(begins::int) over (partition by conversation_id order by ts rows unbounded preceding) as number
    from marked
),
sessions as (
    select
        any_value(channel) as channel,
        any_value(user_id) as user_id,
        max(ts) - min(ts) as duration,
        count(*) filter (event_type in ('user_message', 'bot_message')) as messages,
        bool_or(topic_kind in (0, 4) or event_type = 'handover') as engaged,
        bool_or(topic_kind = 4 or event_type = 'handover') as escalated,
        bool_or(topic_kind = 5) as ended_well,
        sum(tokens) as tokens,
        arg_max(score, ts) filter (score > 0) as score
    from numbered
    group by conversation_id, number
)
select
    channel,
    count(*) as sessions,
    count(distinct user_id) as users,
    avg(engaged::int) as engagement,
    avg(escalated::int) filter (engaged) as escalation,
    avg((ended_well and not escalated)::int) filter (engaged) as resolution,
    avg(messages) as messages,
    avg(epoch(duration)) as seconds,
    sum(tokens)::bigint as tokens,
    avg(score) as satisfaction
from sessions
group by channel
order by channel;
