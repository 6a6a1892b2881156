//! Conditions on the order of what was done in a session: which path it took, how far it came in a
//! funnel. Before rows are read they become sets of sessions, as conditions on messages and steps do.

use super::parser::Operand;
use super::parser::sequences::{FunnelText, ItemText, PathText};
use super::predicate::Predicate;
use super::resolve::{ResolveContext, resolve};
use super::value::parse_duration;
use crate::error::{Problem, ProblemCode};
use crate::registry::Subject;

/// The most conditions of a funnel.
pub(crate) const MOST_FUNNEL_STEPS: usize = 20;
/// The most places of a pattern.
pub(crate) const MOST_ITEMS: usize = 256;

/// A closed vocabulary of a question, with its names.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident of $field:literal {
        $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of_variant])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, as questions have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Problem;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let names = || Self::ALL.iter().map(|word| word.name());
                let found = Self::ALL.iter().find(|word| word.name() == text);
                found.copied().ok_or_else(|| {
                    let message = format!(
                        "there is no `{text}` here; expected one of {}",
                        names().collect::<Vec<_>>().join(", ")
                    );
                    $crate::error::Problem::new(
                        $crate::error::ProblemCode::UnknownName,
                        $field,
                        message,
                    )
                    .suggest($crate::error::nearest(text, names()))
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What counts as a step of a path.
    #[derive(Default)]
    StepSort of "steps" {
        /// Visits of topics, flows, agents or skills.
        #[default]
        Topics = "topics",
        /// Options that were chosen.
        Options = "options",
        /// Questions that were put to the user, each time for the first time.
        Questions = "questions",
        /// Intents that were recognised in the user's messages; they stand alone.
        Intents = "intents",
    }
}

words! {
    /// By what steps are the same.
    #[derive(Default)]
    MatchBy of "match_by" {
        /// By name, without regard to case and white space, so that a topic stays itself when another
        /// version of the bot gives it another id; what has no name goes by its id.
        #[default]
        Name = "name",
        /// By id, as it is; what has no id goes by its name.
        Id = "id",
    }
}

words! {
    /// What becomes of loops.
    #[derive(Default)]
    Loops of "loops" {
        /// Every step counts.
        #[default]
        Keep = "keep",
        /// A step that follows itself counts once.
        Repeats = "repeats",
        /// Going back to an earlier step cuts out what lay between: A, B, C, B, D becomes A, B, D.
        Cycles = "cycles",
    }
}

/// Which steps are looked at, and when two are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepChoice {
    /// The kinds, each once and in order.
    pub kinds: Vec<StepSort>,
    /// By what steps are the same.
    pub match_by: MatchBy,
    /// What becomes of loops.
    pub loops: Loops,
    /// What a step must fulfil besides.
    pub only: Predicate,
}

impl StepChoice {
    /// In which table they lie.
    pub fn subject(&self) -> Subject {
        match self.kinds.as_slice() {
            [StepSort::Intents] => Subject::Messages,
            _ => Subject::Steps,
        }
    }
}

/// One place of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PatternItem {
    /// Any step.
    Any,
    /// No further step.
    End,
    /// The step of this key.
    Step(Box<str>),
}

/// Where a pattern begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// With the first step.
    Start,
    /// With the last step, and goes back.
    Last,
    /// After this step's first visit.
    From(Box<str>),
    /// Before this step's first visit, and goes back.
    Before(Box<str>),
    /// With any step.
    Anywhere,
}

/// The session took a path that fits a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathCondition {
    /// Which steps.
    pub choice: StepChoice,
    /// Where the pattern begins.
    pub place: Place,
    /// The pattern.
    pub items: Vec<PatternItem>,
}

/// The session came through all steps of a funnel, or holds the last of its user's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunnelCondition {
    /// Whether the steps of a user may lie in several sessions.
    pub by_user: bool,
    /// How long after the first step the last may come, in microseconds.
    pub within: Option<i64>,
    /// The conditions, each on rows of messages or steps.
    pub steps: Vec<(Subject, Predicate)>,
}

/// The key of a step of which a person gave the name: in lower case, white space as one space.
pub(crate) fn normalised(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.extend(word.chars().flat_map(char::to_lowercase));
    }
    key
}

/// Checks which steps are looked at.
///
/// # Errors
/// When kinds of different tables stand together.
pub(crate) fn choice(
    kinds: &[StepSort],
    match_by: MatchBy,
    loops: Loops,
    only: Predicate,
) -> Result<StepChoice, Problem> {
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        kinds.push(StepSort::default());
    }
    if kinds.len() > 1 && kinds.contains(&StepSort::Intents) {
        return Err(Problem::new(
            ProblemCode::Conflict,
            "steps",
            "intents are facts of messages, the others of steps; ask for `intents` alone",
        ));
    }
    Ok(StepChoice {
        kinds,
        match_by,
        loops,
        only,
    })
}

fn word<T>(operand: &Operand) -> Result<T, Problem>
where
    T: std::str::FromStr<Err = Problem>,
{
    let read = operand.text.to_ascii_lowercase().parse::<T>();
    read.map_err(|problem| problem.in_field("filter").at(operand.position))
}

pub(super) fn path(text: &PathText, context: &ResolveContext<'_>) -> Result<Predicate, Problem> {
    let kinds: Vec<StepSort> = text.kinds.iter().map(word).collect::<Result<_, _>>()?;
    let match_by = text.match_by.as_ref().map(word::<MatchBy>).transpose()?;
    let loops = text.loops.as_ref().map(word::<Loops>).transpose()?;
    let (match_by, at) = (match_by.unwrap_or_default(), text.place.position);
    let here = |problem: Problem| problem.in_field("filter").at(at);
    let nothing = Predicate::Constant(true);
    let mut choice = choice(&kinds, match_by, loops.unwrap_or_default(), nothing).map_err(here)?;
    if let Some(only) = &text.only {
        choice.only = resolve(only, &context.within(choice.subject()))?;
    }
    if text.items.len() > MOST_ITEMS {
        let message = format!("a pattern may have {MOST_ITEMS} steps at most");
        return Err(here(Problem::new(
            ProblemCode::OutOfRange,
            "filter",
            message,
        )));
    }
    let key = |operand: &Operand| -> Box<str> {
        match match_by {
            MatchBy::Name => normalised(&operand.text).into(),
            MatchBy::Id => operand.text.as_str().into(),
        }
    };
    let anchor = text.anchor.as_ref().map(key).unwrap_or_default();
    Ok(Predicate::Path(Box::new(PathCondition {
        choice,
        place: match text.place.text.as_str() {
            "start" => Place::Start,
            "last" => Place::Last,
            "from" => Place::From(anchor),
            "before" => Place::Before(anchor),
            _ => Place::Anywhere,
        },
        items: text
            .items
            .iter()
            .map(|item| match item {
                ItemText::Any => PatternItem::Any,
                ItemText::End => PatternItem::End,
                ItemText::Step(operand) => PatternItem::Step(key(operand)),
            })
            .collect(),
    })))
}

pub(super) fn funnel(
    text: &FunnelText,
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    let within = text.within.as_ref().map(window).transpose()?;
    let steps = text.steps.iter();
    let steps: Vec<_> = steps
        .map(|step| funnel_step(step, context))
        .collect::<Result<_, _>>()?;
    if steps.len() > MOST_FUNNEL_STEPS {
        let message = format!("a funnel may have {MOST_FUNNEL_STEPS} steps at most");
        return Err(Problem::new(ProblemCode::OutOfRange, "filter", message));
    }
    Ok(Predicate::Funnel(Box::new(FunnelCondition {
        by_user: text.by_user,
        within,
        steps,
    })))
}

fn window(operand: &Operand) -> Result<i64, Problem> {
    let found = parse_duration(&operand.text).filter(|length| *length > 0);
    found.ok_or_else(|| {
        let message = format!(
            "`{}` is no length of time; write one such as `30m`, `1h30m` or `7d`",
            operand.text
        );
        Problem::new(ProblemCode::WrongType, "filter", message).at(operand.position)
    })
}

/// A condition of a funnel: on steps where it makes sense of them, else on messages.
///
/// # Errors
/// When it makes sense of neither.
pub(crate) fn funnel_step(
    step: &super::Expression,
    context: &ResolveContext<'_>,
) -> Result<(Subject, Predicate), Problem> {
    let of_steps = match resolve(step, &context.within(Subject::Steps)) {
        Ok(condition) => return Ok((Subject::Steps, condition)),
        Err(problem) => problem,
    };
    match resolve(step, &context.within(Subject::Messages)) {
        Ok(condition) => Ok((Subject::Messages, condition)),
        // A name that one of the two knows tells more than one that is a stranger to both.
        Err(of_messages) if of_steps.code == ProblemCode::Conflict => Err(of_messages),
        Err(_) => Err(of_steps),
    }
}
