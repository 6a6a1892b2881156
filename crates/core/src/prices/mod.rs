//! Price lists: what models cost, by provider, model and day.
//!
//! A list is a TOML file. `prices/models.toml` comes with the program; a workspace may have its own. Prices
//! are kept as whole trillionths of a US dollar a token, so that what a call costs is exact and sums
//! never depend on their order.

mod load;

use std::fmt;
use std::sync::{Arc, LazyLock};

pub use load::PriceError;
use xxhash_rust::xxh3::xxh3_64;

use crate::time::start_of_day;

const BUILT_IN: &str = include_str!("../../../../prices/models.toml");

/// The tokens of a call. Those read from and written into a cache are part of what was read, and those
/// of reasoning part of what was written, as in the conventions of OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Read, with those from and into a cache.
    pub input: i64,
    /// Written, with those of reasoning.
    pub output: i64,
    /// Read from a cache.
    pub cached: i64,
    /// Written into a cache.
    pub cache_write: i64,
    /// Written in reasoning.
    pub reasoning: i64,
}

/// What a token costs, in trillionths of a US dollar (millionths of a dollar a million tokens).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Read.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from a cache.
    pub cached: u64,
    /// Written into a cache.
    pub cache_write: u64,
    /// Written in reasoning.
    pub reasoning: u64,
}

impl Rates {
    /// What so many tokens cost, in US dollars. Negative numbers count as none.
    pub fn cost(&self, tokens: &Tokens) -> f64 {
        let [cached, cache_write, reasoning] =
            [tokens.cached, tokens.cache_write, tokens.reasoning].map(|count| count.max(0));
        let plain = tokens
            .input
            .saturating_sub(cached.saturating_add(cache_write));
        let parts = [
            (plain, self.input),
            (cached, self.cached),
            (cache_write, self.cache_write),
            (tokens.output.saturating_sub(reasoning), self.output),
            (reasoning, self.reasoning),
        ];
        let trillionths: u128 = parts
            .into_iter()
            .map(|(count, rate)| u128::from(count.max(0).unsigned_abs()) * u128::from(rate))
            .sum();
        trillionths as f64 / 1e12
    }
}

/// One entry of a list: models of providers, with what they cost for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The providers, in small letters; none means any.
    pub providers: Vec<Box<str>>,
    /// Names of models in small letters; `*` stands for any letters.
    pub models: Vec<Box<str>>,
    /// The first UTC day on which it holds, in days since 1970; nothing means always before.
    pub from: Option<i32>,
    /// The first day on which it no longer holds; nothing means until further notice.
    pub to: Option<i32>,
    /// What a token costs.
    pub rates: Rates,
    /// Where the figures come from.
    pub source: Box<str>,
}

impl Price {
    /// The first day on which it holds, as `2026-03-29`.
    pub fn first_day(&self) -> Option<String> {
        self.from.map(load::date)
    }

    /// The first day on which it no longer holds, as `2026-03-29`.
    pub fn end_day(&self) -> Option<String> {
        self.to.map(load::date)
    }

    fn holds(&self, time: i64) -> bool {
        let from = self.from.map_or(i64::MIN, start_of_day);
        let to = self.to.map_or(i64::MAX, start_of_day);
        (from..to).contains(&time)
    }

    /// How closely it names the model: an exact name more than any pattern, a pattern by its letters.
    /// Nothing where it means others.
    fn closeness(&self, provider: Option<&str>, model: &str) -> Option<usize> {
        let is_provider = |known: &str| provider.is_none_or(|provider| provider == known);
        if !self.providers.is_empty() && !self.providers.iter().any(|known| is_provider(known)) {
            return None;
        }
        let close = |pattern: &str| match (pattern.contains('*'), matches(pattern, model)) {
            (_, false) => None,
            (false, true) => Some(usize::MAX),
            (true, true) => Some(pattern.len()),
        };
        self.models
            .iter()
            .filter_map(|pattern| close(pattern))
            .max()
    }
}

/// Whether a name is what a pattern says; `*` stands for any letters, also none.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(tail)
}

/// What models cost, by provider, model and day.
#[derive(Clone, PartialEq, Eq)]
pub struct PriceList {
    text: Box<str>,
    compiled: i32,
    prices: Vec<Price>,
    version: Box<str>,
}

impl fmt::Debug for PriceList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PriceList({})", self.version)
    }
}

impl PriceList {
    /// The list that comes with the program.
    pub fn built_in() -> Arc<Self> {
        static LIST: LazyLock<Arc<PriceList>> = LazyLock::new(|| {
            // A test rules out that it is not valid.
            let list = PriceList::from_toml(BUILT_IN);
            Arc::new(list.unwrap_or_else(|_| PriceList::new("", 0, Vec::new())))
        });
        LIST.clone()
    }

    fn new(text: &str, compiled: i32, prices: Vec<Price>) -> Self {
        let hash = xxh3_64(text.as_bytes()) >> 32;
        Self {
            text: text.into(),
            compiled,
            prices,
            version: format!("{}#{hash:08x}", load::date(compiled)).into(),
        }
    }

    /// The text of the list that comes with the program.
    pub fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Reads a list and checks it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its entry and key.
    pub fn from_toml(text: &str) -> Result<Self, PriceError> {
        let (compiled, prices) = load::read(text)?;
        Ok(Self::new(text, compiled, prices))
    }

    /// The text from which it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// When it was compiled, as `2026-03-29`.
    pub fn compiled(&self) -> String {
        load::date(self.compiled)
    }

    /// Its entries.
    pub fn prices(&self) -> &[Price] {
        &self.prices
    }

    /// Its name: the day on which it was compiled, and a hash of the text that changes with every change,
    /// for example `2026-03-29#5f3a9c01`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What a model costs, whenever. Letter case does not matter. A call that names no provider is one of
    /// any; a model's name with a path, such as `openai/gpt-4o`, may be priced by its last part.
    pub fn of_model(&self, provider: Option<&str>, model: &str) -> ModelPrices<'_> {
        let provider = provider.map(str::to_lowercase);
        let model = model.to_lowercase();
        let found = |name: &str| -> Vec<(usize, &Price)> {
            self.prices
                .iter()
                .filter_map(|price| Some((price.closeness(provider.as_deref(), name)?, price)))
                .collect()
        };
        let mut prices = found(&model);
        if let (true, Some((_, last))) = (prices.is_empty(), model.rsplit_once('/')) {
            prices = found(last);
        }
        // The order of the list decides between those that are equally close.
        prices.sort_by_key(|(closeness, _)| std::cmp::Reverse(*closeness));
        ModelPrices(prices.into_iter().map(|(_, price)| price).collect())
    }
}

/// What one model costs, over time.
#[derive(Debug, Clone)]
pub struct ModelPrices<'a>(Vec<&'a Price>);

impl<'a> ModelPrices<'a> {
    /// The entry that holds at an instant, in microseconds since 1970: of several, the one that names the
    /// model most closely.
    pub fn at(&self, time: i64) -> Option<&'a Price> {
        self.0.iter().copied().find(|price| price.holds(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        for (pattern, name, expected) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o*", "gpt-4o", true),
            ("claude-*-latest", "claude-haiku-latest", true),
            ("claude-*-latest", "claude-latest", false),
            ("*sonnet*", "eu.anthropic.claude-sonnet-4", true),
            ("a*b*c", "axbybzc", true),
            ("a*b*c", "axc", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} of {name}");
        }
    }

    #[test]
    fn a_call_costs_its_parts() {
        let rates = Rates {
            input: 3_000_000,
            output: 15_000_000,
            cached: 300_000,
            cache_write: 3_750_000,
            reasoning: 15_000_000,
        };
        let tokens = Tokens {
            input: 1_000_000,
            output: 100_000,
            cached: 400_000,
            cache_write: 100_000,
            reasoning: 40_000,
        };
        // 0.5 × 3 + 0.4 × 0.3 + 0.1 × 3.75 + 0.1 × 15 dollars.
        assert!((rates.cost(&tokens) - 3.495).abs() < 1e-12);
    }
}
