//! What calls of models cost: as the source says, else by the price list of the workspace.
//!
//! The cost is worked out while a query runs. So history is priced again by changing the list, and no
//! facts are built anew.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use futures::FutureExt;
use futures::future::BoxFuture;
use rustc_hash::FxHashMap;
use upshot_core::prices::{ModelPrices, PriceList, Tokens};
use upshot_core::{Field, FieldKind};
use xxhash_rust::xxh3::xxh3_64;

use crate::columns::Columns;
use crate::error::QueryError;
use crate::filter::{Measure, TextSource};
use crate::pass::Resources;
use crate::provide::{Appender, ColumnProvider, Partition};
use crate::run::evaluate::{Evaluator, Numbers, Texts, Values};

const COST: &str = "step.priced_cost";
const ORIGIN: &str = "step.cost_origin";

/// What a call's cost comes from.
const ORIGINS: [&str; 3] = ["reported", "priced", "unpriced"];

/// The columns of steps that are worked out here.
pub(crate) const PRICE_COLUMNS: &[Field] = &[
    Field {
        name: "priced_cost",
        kind: FieldKind::Real,
        documentation: "What the call cost in US dollars: as the source says, else by the price list.",
        words: None,
    },
    Field {
        name: "cost_origin",
        kind: FieldKind::Word,
        documentation: "Where the cost of a call comes from: the source (`reported`), the price list (`priced`), \
                        or nowhere, because the list has no price for the model on that day or the source says \
                        no tokens (`unpriced`). Nothing for a tool, or a call that failed, without tokens and cost.",
        words: Some(origins),
    },
];

fn origins() -> Vec<&'static str> {
    ORIGINS.to_vec()
}

/// Appends the costs of calls.
#[derive(Debug)]
pub(crate) struct PricedCost(Arc<PriceList>);

impl PricedCost {
    /// By this list, or the one that comes with the program.
    pub(crate) fn new(prices: Option<&Arc<PriceList>>) -> Self {
        Self(prices.map_or_else(PriceList::built_in, Arc::clone))
    }
}

impl ColumnProvider for PricedCost {
    fn derives(&self, column: &str) -> bool {
        [COST, ORIGIN].contains(&column)
    }

    fn needs(&self, _wanted: &Columns) -> Columns {
        Columns::from([
            "step.step_kind",
            "step.time",
            "step.model_provider",
            "step.model",
            "step.tool",
            "step.error",
            "step.cost",
            "step.tokens_input",
            "step.tokens_output",
            "step.tokens_cached",
            "step.tokens_cache_write",
            "step.tokens_reasoning",
        ])
    }

    fn version(&self) -> Option<u64> {
        Some(xxh3_64(self.0.version().as_bytes()))
    }

    fn enter<'a>(
        &'a self,
        wanted: &'a Columns,
        _partition: &'a Partition,
        _resources: &'a Resources,
    ) -> BoxFuture<'a, Result<Arc<dyn Appender>, QueryError>> {
        let pricing = Pricing {
            prices: Arc::clone(&self.0),
            wanted: wanted.clone(),
        };
        async move { Ok(Arc::new(pricing) as Arc<dyn Appender>) }.boxed()
    }
}

struct Pricing {
    prices: Arc<PriceList>,
    wanted: Columns,
}

impl Appender for Pricing {
    fn append(&self, batch: &RecordBatch) -> Result<Vec<(&'static str, ArrayRef)>, QueryError> {
        let (costs, codes) = Calls::of(batch).priced(&self.prices);
        let mut columns: Vec<(&'static str, ArrayRef)> = Vec::new();
        if self.wanted.contains(COST) {
            columns.push((COST, Arc::new(costs)));
        }
        if self.wanted.contains(ORIGIN) {
            let words = Arc::new(StringArray::from(origins()));
            let coded = DictionaryArray::<Int32Type>::try_new(codes, words)?;
            columns.push((ORIGIN, Arc::new(coded)));
        }
        Ok(columns)
    }
}

/// The columns of a batch that say what was called.
struct Calls<'a> {
    rows: usize,
    kind: Texts<'a>,
    provider: Texts<'a>,
    model: Texts<'a>,
    tool: Texts<'a>,
    error: Texts<'a>,
    time: Values,
    cost: Values,
    /// Read, written, cached, written into a cache, in reasoning.
    tokens: [Values; 5],
}

const KIND: TextSource = TextSource::Column("step.step_kind");
const PROVIDER: TextSource = TextSource::Column("step.model_provider");
const MODEL: TextSource = TextSource::Column("step.model");
const TOOL: TextSource = TextSource::Column("step.tool");
const ERROR: TextSource = TextSource::Column("step.error");

impl<'a> Calls<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let evaluator = Evaluator::new(batch);
        let numbers = |column| evaluator.measure(Measure::Column(column));
        Self {
            rows: batch.num_rows(),
            kind: evaluator.texts(&KIND),
            provider: evaluator.texts(&PROVIDER),
            model: evaluator.texts(&MODEL),
            tool: evaluator.texts(&TOOL),
            error: evaluator.texts(&ERROR),
            time: numbers("step.time"),
            cost: numbers("step.cost"),
            tokens: [
                numbers("step.tokens_input"),
                numbers("step.tokens_output"),
                numbers("step.tokens_cached"),
                numbers("step.tokens_cache_write"),
                numbers("step.tokens_reasoning"),
            ],
        }
    }

    /// The cost of every row, and the code of its origin.
    fn priced(&self, prices: &PriceList) -> (Float64Array, Int32Array) {
        let mut known: FxHashMap<(Option<&str>, &str), ModelPrices<'_>> = FxHashMap::default();
        let mut costs: Vec<Option<f64>> = Vec::with_capacity(self.rows);
        let mut origins: Vec<Option<i32>> = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let (cost, origin) = match self.call(row) {
                Call::None => (None, None),
                Call::Reported(cost) => (Some(cost), Some(0)),
                Call::Counted(tokens) => {
                    let cost = self.model.row(row).and_then(|model| {
                        let provider = self.provider.row(row);
                        let of_model = known
                            .entry((provider, model))
                            .or_insert_with(|| prices.of_model(provider, model));
                        let price = of_model.at(integer(&self.time, row)?)?;
                        Some(price.rates.cost(&tokens))
                    });
                    (cost, Some(if cost.is_some() { 1 } else { 2 }))
                }
                Call::Unknown => (None, Some(2)),
            };
            costs.push(cost);
            origins.push(origin);
        }
        (costs.into(), origins.into())
    }

    fn call(&self, row: usize) -> Call {
        if self.kind.row(row) != Some("model_call") {
            return Call::None;
        }
        let is_there = |values: &Values| values.valid.as_ref().is_none_or(|valid| valid.value(row));
        if is_there(&self.cost) {
            return Call::Reported(self.cost.real(row));
        }
        let [input, output, cached, cache_write, reasoning] =
            [0, 1, 2, 3, 4].map(|index| integer(&self.tokens[index], row));
        if input.or(output).is_some() {
            return Call::Counted(Tokens {
                input: input.unwrap_or(0),
                output: output.unwrap_or(0),
                cached: cached.unwrap_or(0),
                cache_write: cache_write.unwrap_or(0),
                reasoning: reasoning.unwrap_or(0),
            });
        }
        match self.tool.row(row).or(self.error.row(row)) {
            Some(_) => Call::None,
            None => Call::Unknown,
        }
    }
}

/// What is known of a step's cost.
enum Call {
    /// It is no call, or one for which nobody pays by tokens.
    None,
    /// The source says the cost.
    Reported(f64),
    /// The source says the tokens.
    Counted(Tokens),
    /// It says neither.
    Unknown,
}

fn integer(values: &Values, row: usize) -> Option<i64> {
    if values.valid.as_ref().is_some_and(|valid| !valid.value(row)) {
        return None;
    }
    Some(match &values.numbers {
        Numbers::Integer(numbers) => numbers[row],
        Numbers::Real(numbers) => numbers[row] as i64,
    })
}
