//! Flat records: one declaration gives the struct, the list of its fields with their documentation,
//! and the two ways through it (write every field to a [`FieldSink`], read every field from a
//! [`FieldSource`]). Storage, exports and documentation are derived from these lists, so a field is
//! declared in one place only.

use std::collections::BTreeMap;

use crate::words::Word;

/// What is the customer's own: names and values as text.
pub type Attributes = BTreeMap<Box<str>, Box<str>>;

/// How a field is held, written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text that must be there; many different values.
    Key,
    /// Text that may be missing; many different values.
    Text,
    /// Text that may be missing; few different values.
    Label,
    /// A word of a closed vocabulary; may be missing.
    Word,
    /// UTC microseconds since 1970 that must be there.
    Instant,
    /// UTC microseconds since 1970; may be missing.
    Time,
    /// A count; zero where nothing was counted.
    Count,
    /// A whole number; may be missing.
    Integer,
    /// A number; may be missing.
    Real,
    /// Yes or no; may be missing.
    Flag,
    /// Yes or no; no where nothing was said.
    Bool,
    /// Names and values.
    Map,
}

impl FieldKind {
    /// Whether a row may lack the field.
    pub const fn nullable(self) -> bool {
        !matches!(self, Self::Key | Self::Instant | Self::Count | Self::Bool)
    }
}

/// A field's name, kind and documentation.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name, also the column's and the JSON key's.
    pub name: &'static str,
    /// How it is held.
    pub kind: FieldKind,
    /// What it says, from the source.
    pub documentation: &'static str,
    /// The words that it may hold, for [`FieldKind::Word`].
    pub words: Option<fn() -> Vec<&'static str>>,
}

/// Takes the fields of a record, one by one, in the order of the declaration.
pub trait FieldSink {
    /// Text of any kind.
    fn text(&mut self, index: usize, value: Option<&str>);
    /// Whole numbers, counts and times.
    fn integer(&mut self, index: usize, value: Option<i64>);
    /// Numbers.
    fn real(&mut self, index: usize, value: Option<f64>);
    /// Yes or no.
    fn flag(&mut self, index: usize, value: Option<bool>);
    /// Names and values.
    fn map(&mut self, index: usize, value: &Attributes);
}

/// Gives the fields of a row.
pub trait FieldSource {
    /// Text of any kind.
    fn text(&self, index: usize) -> Option<&str>;
    /// Whole numbers, counts and times.
    fn integer(&self, index: usize) -> Option<i64>;
    /// Numbers.
    fn real(&self, index: usize) -> Option<f64>;
    /// Yes or no.
    fn flag(&self, index: usize) -> Option<bool>;
    /// Names and values.
    fn map(&self, index: usize) -> Attributes;
}

impl<T: FieldSource + ?Sized> FieldSource for &T {
    fn text(&self, index: usize) -> Option<&str> {
        (**self).text(index)
    }
    fn integer(&self, index: usize) -> Option<i64> {
        (**self).integer(index)
    }
    fn real(&self, index: usize) -> Option<f64> {
        (**self).real(index)
    }
    fn flag(&self, index: usize) -> Option<bool> {
        (**self).flag(index)
    }
    fn map(&self, index: usize) -> Attributes {
        (**self).map(index)
    }
}

/// A flat record with a fixed list of fields.
pub trait Record: Default + Clone {
    /// The table that holds such records.
    const TABLE: &'static str;
    /// The fields in the order of the declaration. Fields are only ever added at the end of their
    /// table's stored list; their stored identity is the name.
    const FIELDS: &'static [Field];
    /// Writes every field.
    fn write(&self, sink: &mut impl FieldSink);
    /// Reads every field.
    fn read(source: &impl FieldSource) -> Self;
    /// The position of the field of this name.
    fn field(name: &str) -> Option<usize> {
        Self::FIELDS.iter().position(|field| field.name == name)
    }
}

pub(crate) fn words_of<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|word| word.as_str()).collect()
}

macro_rules! field_type {
    (Key) => { Box<str> };
    (Text) => { Option<Box<str>> };
    (Label) => { Option<Box<str>> };
    (Word $word:ident) => { Option<$crate::words::$word> };
    (Instant) => { i64 };
    (Time) => { Option<i64> };
    (Count) => { i64 };
    (Integer) => { Option<i64> };
    (Real) => { Option<f64> };
    (Flag) => { Option<bool> };
    (Bool) => { bool };
    (Map) => { $crate::record::Attributes };
}

macro_rules! field_write {
    ($sink:ident, $index:expr, $value:expr, Key) => {
        $sink.text($index, Some(&$value))
    };
    ($sink:ident, $index:expr, $value:expr, Text) => {
        $sink.text($index, $value.as_deref())
    };
    ($sink:ident, $index:expr, $value:expr, Label) => {
        $sink.text($index, $value.as_deref())
    };
    ($sink:ident, $index:expr, $value:expr, Word $word:ident) => {
        $sink.text($index, $value.map(|word| $crate::words::Word::as_str(word)))
    };
    ($sink:ident, $index:expr, $value:expr, Instant) => {
        $sink.integer($index, Some($value))
    };
    ($sink:ident, $index:expr, $value:expr, Time) => {
        $sink.integer($index, $value)
    };
    ($sink:ident, $index:expr, $value:expr, Count) => {
        $sink.integer($index, Some($value))
    };
    ($sink:ident, $index:expr, $value:expr, Integer) => {
        $sink.integer($index, $value)
    };
    ($sink:ident, $index:expr, $value:expr, Real) => {
        $sink.real($index, $value)
    };
    ($sink:ident, $index:expr, $value:expr, Flag) => {
        $sink.flag($index, $value)
    };
    ($sink:ident, $index:expr, $value:expr, Bool) => {
        $sink.flag($index, Some($value))
    };
    ($sink:ident, $index:expr, $value:expr, Map) => {
        $sink.map($index, &$value)
    };
}

macro_rules! field_read {
    ($source:ident, $index:expr, Key) => {
        $source.text($index).unwrap_or_default().into()
    };
    ($source:ident, $index:expr, Text) => {
        $source.text($index).map(Into::into)
    };
    ($source:ident, $index:expr, Label) => {
        $source.text($index).map(Into::into)
    };
    ($source:ident, $index:expr, Word $word:ident) => {
        $source
            .text($index)
            .and_then(<$crate::words::$word as $crate::words::Word>::parse)
    };
    ($source:ident, $index:expr, Instant) => {
        $source.integer($index).unwrap_or_default()
    };
    ($source:ident, $index:expr, Time) => {
        $source.integer($index)
    };
    ($source:ident, $index:expr, Count) => {
        $source.integer($index).unwrap_or_default()
    };
    ($source:ident, $index:expr, Integer) => {
        $source.integer($index)
    };
    ($source:ident, $index:expr, Real) => {
        $source.real($index)
    };
    ($source:ident, $index:expr, Flag) => {
        $source.flag($index)
    };
    ($source:ident, $index:expr, Bool) => {
        $source.flag($index).unwrap_or_default()
    };
    ($source:ident, $index:expr, Map) => {
        $source.map($index)
    };
}

macro_rules! field_words {
    () => {
        None
    };
    ($word:ident) => {
        Some($crate::record::words_of::<$crate::words::$word>)
    };
}

/// The type that a view's getter returns, its default, and how it is read from a record or a source.
macro_rules! field_view {
    (Key) => { &str };
    (Text) => { Option<&str> };
    (Label) => { Option<&str> };
    (Word $word:ident) => { Option<$crate::words::$word> };
    (Instant) => { i64 };
    (Time) => { Option<i64> };
    (Count) => { i64 };
    (Integer) => { Option<i64> };
    (Real) => { Option<f64> };
    (Flag) => { Option<bool> };
    (Bool) => { bool };
    (Map) => { Option<std::borrow::Cow<'_, $crate::record::Attributes>> };
}

macro_rules! field_borrow {
    ($value:expr, Key) => {
        &$value
    };
    ($value:expr, Text) => {
        $value.as_deref()
    };
    ($value:expr, Label) => {
        $value.as_deref()
    };
    ($value:expr, Map) => {
        Some(std::borrow::Cow::Borrowed(&$value))
    };
    ($value:expr, $kind:ident $($word:ident)?) => {
        $value
    };
}

macro_rules! field_view_read {
    ($source:expr, $index:expr, Key) => { $source.text($index).unwrap_or_default() };
    ($source:expr, $index:expr, Text) => { $source.text($index) };
    ($source:expr, $index:expr, Label) => { $source.text($index) };
    ($source:expr, $index:expr, Map) => { Some(std::borrow::Cow::Owned($source.map($index))) };
    ($source:expr, $index:expr, $kind:ident $($word:ident)?) => {{
        let source = &$source;
        $crate::record::field_read!(source, $index, $kind $($word)?)
    }};
}

macro_rules! record {
    ($(#[doc = $record_doc:literal])+ pub struct $name:ident in $table:literal $(viewed by $view:ident $source_view:ident)? {
        $($(#[doc = $doc:literal])+ $field:ident: $kind:ident $(($word:ident))?,)+
    }) => {
        $(#[doc = $record_doc])+
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $crate::record::field_type!($kind $($word)?),)+
        }
        impl $crate::record::Record for $name {
            const TABLE: &'static str = $table;
            const FIELDS: &'static [$crate::record::Field] = &[$($crate::record::Field {
                name: stringify!($field),
                kind: $crate::record::FieldKind::$kind,
                documentation: concat!($($doc),+).trim_ascii(),
                words: $crate::record::field_words!($($word)?),
            },)+];
            fn write(&self, sink: &mut impl $crate::record::FieldSink) {
                let mut index = 0;
                $($crate::record::field_write!(sink, index, self.$field, $kind $($word)?); index += 1;)+
                debug_assert_eq!(index, Self::FIELDS.len());
            }
            fn read(source: &impl $crate::record::FieldSource) -> Self {
                let mut index = 0;
                let record = Self { $($field: {
                    let value = $crate::record::field_read!(source, index, $kind $($word)?);
                    index += 1;
                    value
                },)+ };
                debug_assert_eq!(index, Self::FIELDS.len());
                record
            }
        }
        $crate::record::record_view! { $name $($view $source_view)? { $($(#[doc = $doc])+ $field: $kind $($word)?,)+ } }
    };
}

macro_rules! record_view {
    ($name:ident { $($rest:tt)* }) => {};
    ($name:ident $view:ident $source_view:ident { $($(#[doc = $doc:literal])+ $field:ident: $kind:ident $($word:ident)?,)+ }) => {
        /// Reads the fields of a record wherever they are held. A field that a holder does not have
        /// keeps the default: nothing.
        pub trait $view {
            $($(#[doc = $doc])+
            #[inline]
            fn $field(&self) -> $crate::record::field_view!($kind $($word)?) { Default::default() })+
        }
        impl $view for $name {
            $(#[inline] fn $field(&self) -> $crate::record::field_view!($kind $($word)?) {
                $crate::record::field_borrow!(self.$field, $kind $($word)?)
            })+
        }
        impl<T: $view> $view for &T {
            $(#[inline] fn $field(&self) -> $crate::record::field_view!($kind $($word)?) { (**self).$field() })+
        }
        /// The view of a row that a [`FieldSource`](crate::record::FieldSource) holds.
        #[derive(Debug, Clone, Copy)]
        pub struct $source_view<S>(pub S);
        impl<S: $crate::record::FieldSource> $view for $source_view<S> {
            $(#[inline] fn $field(&self) -> $crate::record::field_view!($kind $($word)?) {
                $crate::record::field_view_read!(self.0, FieldIndex::$field as usize, $kind $($word)?)
            })+
        }
        #[allow(non_camel_case_types, clippy::enum_variant_names)]
        #[derive(Clone, Copy)]
        enum FieldIndex { $($field,)+ }
    };
}

pub(crate) use {
    field_borrow, field_read, field_type, field_view, field_view_read, field_words, field_write,
    record, record_view,
};
