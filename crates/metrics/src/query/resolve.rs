//! Checks a query against the registry. All problems are found, not only the first.

use jiff::tz::TimeZone;
use upshot_core::profile::MaturityTimes;
use upshot_lake::Preferences;

use super::terms::{Terms, WINDOW};
use super::{EnvironmentChoice, Identity, Query};
use crate::columns::Owner;
use crate::error::{Problem, ProblemCode, QueryError, nearest};
use crate::filter::{
    Predicate, ResolveContext, TextSource, definition, parse, parse_duration,
    resolve as resolve_filter,
};
use crate::query::baseline::Baseline;
use crate::query::having::Having;
use crate::query::pass_key::PassKey;
use crate::query::scope::mature;
use crate::registry::{self, Dimension, DimensionOrigin, Metric, Subject};
use crate::time::{
    Buckets, Calendar, Compare, Grain, Range, back, resolve_compare, resolve_range, zone_name,
};

/// The most dimensions of one query.
const MOST_DIMENSIONS: usize = 6;

/// Where the values of a group come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum GroupSource {
    /// Text.
    Text(TextSource),
    /// A column of few numbers.
    Number(&'static str),
    /// A column of yes and no.
    Flag(&'static str),
    /// A condition with the names of its two values.
    Condition(Predicate, &'static str, &'static str),
    /// Conditions with their names, as the registry states them.
    Kinds(&'static [(&'static str, &'static str)]),
    /// The values in a column's list.
    List(&'static str),
    /// The sources of knowledge under which each metric has its rows.
    Sources,
    /// Stretches or positions of time.
    Time(Grain),
}

/// One dimension of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupBy {
    pub(crate) id: String,
    pub(crate) source: GroupSource,
}

/// By what rows are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OrderKey {
    /// The value of the metric at this position.
    Metric(usize),
    /// The dimension at this position.
    Dimension(usize),
}

/// A query whose names are things.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) metrics: Vec<&'static Metric>,
    pub(crate) groups: Vec<GroupBy>,
    pub(crate) filter: Predicate,
    /// The filter of the other segment, where segments are compared.
    pub(crate) compare_filter: Option<Predicate>,
    pub(crate) environment: EnvironmentChoice,
    pub(crate) range: Range,
    pub(crate) compare: Option<Compare>,
    /// The range beside whose stretches of time those of the answer stand, where they are compared with.
    pub(crate) beside: Option<Range>,
    pub(crate) calendar: Calendar,
    pub(crate) zone_name: String,
    pub(crate) now: i64,
    /// With what reductions are measured; nothing where the workspace states it not.
    pub(crate) baseline: Option<Baseline>,
    /// How old a session must be to be judged.
    pub(crate) maturity: MaturityTimes,
    pub(crate) identity: Identity,
    /// The window as the query says it, and in microseconds.
    pub(crate) window: (String, i64),
    /// What the numbers of a row must fulfil.
    pub(crate) having: Vec<Having>,
    /// Each with whether the largest comes first.
    pub(crate) order: Vec<(OrderKey, bool)>,
    pub(crate) limit: Option<usize>,
    /// Whether the groups beyond the limit stand together as one.
    pub(crate) other: bool,
    /// Whether totals of each prefix of the dimensions are wanted.
    pub(crate) subtotals: bool,
}

impl Resolved {
    /// The passes that together answer the query, in the order of their first metrics.
    pub(crate) fn passes(&self) -> Vec<PassKey> {
        let mut keys: Vec<PassKey> = Vec::new();
        for metric in &self.metrics {
            for key in PassKey::all(metric) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// What the registry's definitions leave to the query, for one range.
    pub(crate) fn terms(&self, range: Range) -> Terms {
        let window = self.window.clone();
        Terms::new(
            window,
            self.identity,
            self.maturity.clone(),
            range,
            self.now,
        )
    }

    /// The query whose answer is compared with that of this range: the same with the other segment's filter.
    pub(crate) fn compared(&self, range: Range) -> Self {
        let mut compared = self.clone();
        if let Some(filter) = &self.compare_filter {
            compared.filter = filter.clone();
        }
        compared.beside = Some(range);
        compared
    }

    /// The stretches of time into which a range is cut.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn buckets(&self, grain: Grain, range: Range) -> Result<Buckets, Problem> {
        let (Some(current), Some(compare)) = (self.beside, &self.compare) else {
            return Buckets::new(grain, range, &self.calendar);
        };
        let buckets = Buckets::new(grain, current, &self.calendar)?;
        if matches!(compare, Compare::Segment(_)) {
            return Ok(buckets);
        }
        let back = back(
            compare,
            grain,
            (current, range),
            &self.calendar.zone,
            self.now,
        );
        Ok(buckets.beside(current, range, &back))
    }

    /// The positions of the dimensions that are not of time.
    pub(crate) fn beside_time(&self) -> Vec<usize> {
        let groups = self.groups.iter().enumerate();
        let beside_time = groups.filter(|(_, group)| !matches!(group.source, GroupSource::Time(_)));
        beside_time.map(|(index, _)| index).collect()
    }

    /// The same query cut by some of its dimensions only, with all rows.
    pub(crate) fn cut_by(&self, dimensions: &[usize]) -> Self {
        let mut cut = self.clone();
        cut.groups = dimensions
            .iter()
            .map(|index| self.groups[*index].clone())
            .collect();
        let order = self.order.iter().filter_map(|(key, descending)| match key {
            OrderKey::Metric(_) => Some((key.clone(), *descending)),
            OrderKey::Dimension(index) => {
                let place = dimensions.iter().position(|kept| kept == index)?;
                Some((OrderKey::Dimension(place), *descending))
            }
        });
        cut.order = order.collect();
        cut.limit = None;
        cut
    }

    /// The other range.
    pub(crate) fn compare_range(&self, range: Range) -> Result<Option<Range>, Problem> {
        let Some(compare) = &self.compare else {
            return Ok(None);
        };
        if matches!(compare, Compare::Segment(_)) {
            return Ok(Some(range));
        }
        // Where the data gave the ends there is nothing before.
        let range = if self.range.is_bounded() {
            range
        } else {
            self.range
        };
        resolve_compare(compare, range, &self.calendar.zone, self.now).map(Some)
    }
}

/// Checks a query.
///
/// # Errors
/// [`QueryError::Invalid`] with everything that is wrong.
pub(crate) fn resolve(
    query: &Query,
    maturity: MaturityTimes,
    preferences: &Preferences,
) -> Result<Resolved, QueryError> {
    let mut problems = Vec::new();
    let (zone, week) = (query.time_zone.as_deref(), query.week_start.as_deref());
    let calendar = keep(&mut problems, Calendar::of(zone, week, preferences));
    let calendar = calendar.unwrap_or_else(|| TimeZone::UTC.into());
    let metrics = metrics(&query.metrics, &mut problems);
    let groups = groups(query, &metrics, &mut problems);
    let context = ResolveContext::new(calendar.zone.clone())
        .judging(mature(query.now, &maturity))
        .at(query.now)
        .of(subjects(&metrics))
        .with(preferences);
    let filter = filters(&query.filters, &context, &mut problems);
    let window = keep(&mut problems, window(query.window.as_deref()));
    let compare = query.compare.as_deref().map(Compare::parse);
    let compare = compare.and_then(|compare| keep(&mut problems, compare));
    let own_segment = query.segment.as_deref().map(|name| ("segment", name));
    let in_segment = own_segment.and_then(|named| segment(named, &context, &mut problems));
    let other_segment = match &compare {
        Some(Compare::Segment(name)) => segment(("compare", name), &context, &mut problems),
        _ => None,
    };
    let range = keep(
        &mut problems,
        resolve_range(&query.range, &calendar, query.now),
    );
    let having = having(&query.having, &metrics, &mut problems);
    let baseline = keep(
        &mut problems,
        Baseline::of(&metrics, preferences, query.now),
    );
    let order = order(&query.order, &metrics, &groups, &mut problems);
    problems.extend(without_limit(query));
    let (Some(range), Some(window), true) = (range, window, problems.is_empty()) else {
        return Err(QueryError::Invalid(problems));
    };
    Ok(Resolved {
        metrics,
        groups,
        compare_filter: other_segment.map(|other| filter.clone().and(other)),
        filter: in_segment.map_or(filter.clone(), |segment| filter.and(segment)),
        environment: query.environment,
        range,
        compare,
        beside: None,
        calendar,
        zone_name: zone_name(zone, preferences).to_owned(),
        now: query.now,
        baseline: baseline.flatten(),
        maturity,
        identity: query.identity,
        window,
        having,
        order,
        limit: query.limit,
        other: query.other,
        subtotals: query.subtotals,
    })
}

/// What only a limit gives a sense.
fn without_limit(query: &Query) -> Option<Problem> {
    let wrong = |message| Problem::new(ProblemCode::Conflict, "other", message);
    if query.other && query.limit.is_none() {
        return Some(wrong("the others are those beyond a limit; give `limit`"));
    }
    if query.other && query.cursor.is_some() {
        return Some(wrong(
            "where the others stand together there are no further pages",
        ));
    }
    None
}

/// What the metrics are about, each once.
fn subjects(metrics: &[&'static Metric]) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = metrics
        .iter()
        .flat_map(|metric| metric.subjects())
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}

/// The filter that has this name.
fn segment(
    (field, name): (&str, &str),
    context: &ResolveContext<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Predicate> {
    let text = format!("segment \"{}\"", name.replace('"', "\"\""));
    let predicate = parse(&text).and_then(|expression| resolve_filter(&expression, context));
    let predicate = predicate.map_err(|mut problem| {
        problem.position = None;
        problem.in_field(field)
    });
    keep(problems, predicate)
}

fn keep<T>(problems: &mut Vec<Problem>, result: Result<T, Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

fn metrics(names: &[String], problems: &mut Vec<Problem>) -> Vec<&'static Metric> {
    let mut metrics: Vec<&'static Metric> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let found: Vec<&'static Metric> = match registry::family(name) {
            Some(family) => family
                .members
                .iter()
                .filter_map(|id| registry::metric(id))
                .collect(),
            None => registry::metric(name).into_iter().collect(),
        };
        if found.is_empty() {
            let known = registry::metrics().iter().map(|metric| metric.id);
            let known = known.chain(registry::families().iter().map(|family| family.id));
            problems.push(
                Problem::new(
                    ProblemCode::UnknownName,
                    format!("metrics[{index}]"),
                    format!("there is no metric `{name}`; list them with `upshot metrics`"),
                )
                .suggest(nearest(name, known)),
            );
        }
        for metric in found {
            if !metrics.iter().any(|known| known.id == metric.id) {
                metrics.push(metric);
            }
        }
    }
    if names.is_empty() {
        problems.push(Problem::new(
            ProblemCode::Missing,
            "metrics",
            "a query asks for at least one metric, such as `sessions`",
        ));
    }
    metrics
}

fn groups(query: &Query, metrics: &[&'static Metric], problems: &mut Vec<Problem>) -> Vec<GroupBy> {
    let mut groups: Vec<GroupBy> = Vec::new();
    if let Some(grain) = query.grain {
        groups.push(GroupBy {
            id: grain.name().to_owned(),
            source: GroupSource::Time(grain),
        });
    }
    for (index, name) in query.dimensions.iter().enumerate() {
        if groups.iter().any(|group| group.id == *name) {
            continue;
        }
        let field = format!("dimensions[{index}]");
        let foreign = metrics
            .iter()
            .find_map(|metric| foreign(name, &field, metric));
        problems.extend(foreign);
        groups.extend(keep(problems, group(name, &field)));
    }
    if groups.len() > MOST_DIMENSIONS {
        problems.push(Problem::new(
            ProblemCode::OutOfRange,
            "dimensions",
            format!("a query may have {MOST_DIMENSIONS} dimensions at most"),
        ));
    }
    let many =
        |kind: fn(&GroupSource) -> bool| groups.iter().filter(|group| kind(&group.source)).count();
    let stretches = many(|source| matches!(source, GroupSource::Time(grain) if !grain.is_cyclic()));
    if stretches > 1 {
        problems.push(Problem::new(
            ProblemCode::Conflict,
            "dimensions",
            "a query may be cut by one of minute, quarter_hour, hour, day, week, month, quarter and year only",
        ));
    }
    groups
}

/// What is wrong with cutting the metric by this dimension, if anything is: sessions have no intent of
/// one message.
fn foreign(name: &str, field: &str, metric: &Metric) -> Option<Problem> {
    let dimension = registry::dimension(name)?;
    let mut subjects = metric.subjects();
    if subjects.all(|subject| dimension.owner.belongs_to(subject)) {
        return None;
    }
    let owner = match dimension.owner {
        Owner::Step => Subject::Steps,
        _ => Subject::Messages,
    };
    let alike = of_session(dimension).map_or_else(String::new, |id| format!("cut by `{id}`, or "));
    let example = registry::metrics()
        .iter()
        .find(|metric| metric.subject == owner)
        .map_or("", |metric| metric.id);
    Some(Problem::new(
        ProblemCode::Conflict,
        field,
        format!(
            "`{name}` cuts {}, and `{}` is about {}; {alike}ask for metrics of {} such as `{example}`",
            owner.name(),
            metric.id,
            metric.subject.name(),
            owner.name()
        ),
    ))
}

/// The dimension of sessions that says most nearly the same.
fn of_session(dimension: &Dimension) -> Option<&'static str> {
    let plain = dimension.id.strip_prefix(dimension.owner.prefix())?;
    let plain = match plain {
        "intent" => "first_intent",
        other => other,
    };
    registry::dimension(plain).map(|dimension| dimension.id)
}

/// The group of a dimension's id.
///
/// # Errors
/// When there is no such dimension.
pub(crate) fn group(name: &str, field: &str) -> Result<GroupBy, Problem> {
    if let Some(attribute) = name
        .strip_prefix("attribute.")
        .filter(|name| !name.is_empty())
    {
        let source = GroupSource::Text(TextSource::Attribute(attribute.into()));
        return Ok(GroupBy {
            id: name.to_owned(),
            source,
        });
    }
    if name == "attribute." {
        let message = "`attribute.` names no attribute; write for example `attribute.plan`";
        return Err(Problem::new(ProblemCode::UnknownName, field, message));
    }
    let Some(dimension) = registry::dimension(name) else {
        let known = registry::dimensions().iter().map(|dimension| dimension.id);
        return Err(Problem::new(
            ProblemCode::UnknownName,
            field,
            format!("there is no dimension `{name}`; an attribute is written `attribute.{name}`"),
        )
        .suggest(nearest(name, known)));
    };
    let source = match dimension.origin {
        DimensionOrigin::Text(column) => GroupSource::Text(TextSource::Column(column)),
        DimensionOrigin::Number(column) => GroupSource::Number(column),
        DimensionOrigin::Flag(column) => GroupSource::Flag(column),
        DimensionOrigin::Condition { condition, yes, no } => {
            GroupSource::Condition(definition(condition), yes, no)
        }
        DimensionOrigin::Kinds(kinds) => GroupSource::Kinds(kinds),
        DimensionOrigin::List(column) => GroupSource::List(column),
        DimensionOrigin::Sources => GroupSource::Sources,
        DimensionOrigin::Time(grain) => GroupSource::Time(grain),
    };
    Ok(GroupBy {
        id: name.to_owned(),
        source,
    })
}

/// The window that a query says, with its length in microseconds.
fn window(text: Option<&str>) -> Result<(String, i64), Problem> {
    let text = text.unwrap_or(WINDOW).trim();
    let length = parse_duration(text).filter(|length| *length > 0);
    let length = length.ok_or_else(|| {
        Problem::new(
            ProblemCode::WrongType,
            "window",
            format!("`{text}` is no window; expected a duration such as `24h` or `7d`"),
        )
    })?;
    Ok((text.to_owned(), length))
}

/// All filters as one predicate.
pub(crate) fn filters(
    filters: &[String],
    context: &ResolveContext<'_>,
    problems: &mut Vec<Problem>,
) -> Predicate {
    let mut parts = Vec::new();
    for (index, text) in filters.iter().enumerate() {
        let predicate = parse(text).and_then(|expression| resolve_filter(&expression, context));
        let predicate = predicate.map_err(|problem| problem.in_field(format!("filters[{index}]")));
        parts.extend(keep(problems, predicate));
    }
    Predicate::All(parts).simplified()
}

/// The conditions on the numbers of rows.
fn having(
    texts: &[String],
    metrics: &[&'static Metric],
    problems: &mut Vec<Problem>,
) -> Vec<Having> {
    let mut conditions = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let condition = Having::parse(text, metrics);
        let condition = condition.map_err(|problem| problem.in_field(format!("having[{index}]")));
        conditions.extend(keep(problems, condition));
    }
    conditions
}

fn order(
    texts: &[String],
    metrics: &[&'static Metric],
    groups: &[GroupBy],
    problems: &mut Vec<Problem>,
) -> Vec<(OrderKey, bool)> {
    let mut order = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let (name, direction) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((name, direction)) => (name.trim(), Some(direction)),
            None => (text.trim(), None),
        };
        let by_metric = metrics.iter().position(|metric| metric.id == name);
        let by_dimension = groups.iter().position(|group| group.id == name);
        let key = by_metric
            .map(OrderKey::Metric)
            .or(by_dimension.map(OrderKey::Dimension));
        let descending = match direction {
            Some("desc") => Some(true),
            Some("asc") => Some(false),
            None => Some(by_metric.is_some()),
            Some(_) => None,
        };
        match (key, descending) {
            (Some(key), Some(descending)) => order.push((key, descending)),
            _ => problems.push(not_in_query(index, text, name, metrics, groups)),
        }
    }
    order
}

fn not_in_query(
    index: usize,
    text: &str,
    name: &str,
    metrics: &[&'static Metric],
    groups: &[GroupBy],
) -> Problem {
    let names: Vec<&str> = metrics
        .iter()
        .map(|metric| metric.id)
        .chain(groups.iter().map(|group| group.id.as_str()))
        .collect();
    Problem::new(
        ProblemCode::UnknownName,
        format!("order[{index}]"),
        format!(
            "`{text}` orders by nothing that the query asks for; write one of {}, perhaps with `asc` or `desc`",
            names.join(", ")
        ),
    )
    .suggest(nearest(name, names.iter().copied()).filter(|nearest| nearest != name))
}
