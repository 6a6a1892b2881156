//! What is known of a file, of some of its columns: whoever opens a file looks at every column that its footer names,
//! and tables have many more than a question needs.

use std::sync::Arc;

use arrow::datatypes::Schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, RowGroupMetaData,
};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};

/// Which columns of a file are wanted, by their place among its columns, and by that of their leaves.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Of the file's columns.
    pub(super) columns: Vec<usize>,
    /// Of their leaves: a list has one beneath it.
    leaves: Vec<usize>,
}

impl Chosen {
    /// The columns of these names; one of them where the file has none, so that its rows can be counted.
    pub(super) fn of(metadata: &ParquetMetaData, wanted: impl Fn(&str) -> bool) -> Self {
        let description = metadata.file_metadata().schema_descr();
        let roots = description.root_schema().get_fields();
        let mut columns: Vec<usize> = (0..roots.len())
            .filter(|column| wanted(roots[*column].name()))
            .collect();
        if columns.is_empty() && !roots.is_empty() {
            columns.push(0);
        }
        let is_chosen = |leaf: &usize| {
            let root = description.get_column_root_idx(*leaf);
            columns.binary_search(&root).is_ok()
        };
        let leaves = (0..description.num_columns()).filter(is_chosen).collect();
        Self { columns, leaves }
    }

    /// The footer of a file that has these columns and no others.
    ///
    /// # Errors
    /// When the footer contradicts itself, which no file does that was read.
    pub(super) fn footer(
        &self,
        metadata: &ParquetMetaData,
    ) -> Result<ParquetMetaData, ParquetError> {
        let file = metadata.file_metadata();
        let description = self.description(file.schema())?;
        let orders = file.column_orders();
        let orders = orders.map(|orders| self.leaves.iter().map(|leaf| orders[*leaf]).collect());
        let groups = metadata.row_groups().iter();
        let groups = groups
            .map(|group| self.row_group(group, &description))
            .collect::<Result<_, _>>()?;
        let narrow = FileMetaData::new(
            file.version(),
            file.num_rows(),
            file.created_by().map(str::to_owned),
            None,
            description,
            orders,
        );
        Ok(ParquetMetaDataBuilder::new(narrow)
            .set_row_groups(groups)
            .build())
    }

    /// The schema of these columns alone, of one of all columns of the file.
    pub(super) fn schema(&self, schema: &Schema) -> Schema {
        let fields = schema.fields();
        let chosen = self.columns.iter().filter_map(|column| fields.get(*column));
        Schema::new(chosen.cloned().collect::<Vec<_>>())
    }

    fn description(&self, schema: &Type) -> Result<SchemaDescPtr, ParquetError> {
        let roots = schema.get_fields();
        let chosen: Vec<TypePtr> = self
            .columns
            .iter()
            .map(|column| Arc::clone(&roots[*column]))
            .collect();
        let group = Type::group_type_builder(schema.name()).with_fields(chosen);
        Ok(Arc::new(SchemaDescriptor::new(Arc::new(group.build()?))))
    }

    fn row_group(
        &self,
        group: &RowGroupMetaData,
        description: &SchemaDescPtr,
    ) -> Result<RowGroupMetaData, ParquetError> {
        let chunks = self.leaves.iter().map(|leaf| group.column(*leaf).clone());
        let mut narrow = RowGroupMetaData::builder(Arc::clone(description))
            .set_num_rows(group.num_rows())
            .set_total_byte_size(group.total_byte_size())
            .set_column_metadata(chunks.collect());
        if let Some(ordinal) = group.ordinal() {
            narrow = narrow.set_ordinal(ordinal);
        }
        if let Some(offset) = group.file_offset() {
            narrow = narrow.set_file_offset(offset);
        }
        narrow.build()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;

    use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
    use arrow::datatypes::Int32Type;
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
    };

    use super::*;

    fn written(folder: &std::path::Path) -> (File, RecordBatch) {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), Some(2)]),
            None,
            Some(vec![]),
        ]);
        let columns: [(&str, ArrayRef); 4] = [
            ("id", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
            ("labels", Arc::new(list)),
            (
                "number",
                Arc::new(Int64Array::from(vec![Some(5), None, Some(7)])),
            ),
            (
                "text",
                Arc::new(StringArray::from(vec![Some("x"), None, Some("z")])),
            ),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, column)| (name, column, true)),
        )
        .unwrap();
        let path = folder.join("rows.parquet");
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        // Two row groups.
        writer.write(&batch).unwrap();
        writer.flush().unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        (File::open(path).unwrap(), batch)
    }

    fn read(file: &File, names: &[&str]) -> (Chosen, Vec<RecordBatch>) {
        let whole = ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).unwrap();
        let chosen = Chosen::of(whole.metadata(), |name| names.contains(&name));
        let footer = chosen.footer(whole.metadata()).unwrap();
        let schema = Arc::new(chosen.schema(whole.schema()));
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(&schema));
        let narrow = ArrowReaderMetadata::try_new(Arc::new(footer), options).unwrap();
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file.try_clone().unwrap(), narrow);
        let batches = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
        (chosen, batches)
    }

    #[test]
    fn columns_beside_lists_are_read_as_of_the_whole_footer() {
        let folder = tempfile::tempdir().unwrap();
        let (file, batch) = written(folder.path());
        for names in [
            &["number"] as &[&str],
            &["labels"],
            &["labels", "text"],
            &["id", "number", "text"],
            &["id", "labels", "number", "text"],
        ] {
            let (chosen, batches) = read(&file, names);
            let expected = batch.project(&chosen.columns).unwrap();
            assert_eq!(chosen.columns.len(), names.len(), "{names:?}");
            assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 6);
            let all = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
            assert_eq!(all.slice(0, 3).columns(), expected.columns(), "{names:?}");
            assert_eq!(all.slice(3, 3).columns(), expected.columns(), "{names:?}");
        }
    }

    #[test]
    fn of_a_file_without_any_of_the_columns_one_is_left_to_count_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = written(folder.path());
        let (chosen, batches) = read(&file, &["newer"]);
        assert_eq!(chosen.columns, [0]);
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 6);
    }

    #[test]
    fn what_is_known_of_the_columns_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = written(folder.path());
        let whole = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
        let whole = whole.metadata();
        let narrow = Chosen::of(whole, |name| name == "number")
            .footer(whole)
            .unwrap();
        assert_eq!(narrow.num_row_groups(), 2);
        for (narrow, whole) in narrow.row_groups().iter().zip(whole.row_groups()) {
            assert_eq!(narrow.num_columns(), 1);
            assert_eq!(narrow.column(0), whole.column(2));
            assert_eq!(narrow.num_rows(), whole.num_rows());
        }
        assert_eq!(
            narrow.file_metadata().column_order(0),
            whole.file_metadata().column_order(2)
        );
    }
}
