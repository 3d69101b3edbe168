package dev.cantilever.beam;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.RecordSchema;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.util.Optional;
import org.apache.beam.sdk.io.FileIO;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;

/**
 * Reads the records of Parquet files, as {@code FileIO.readMatches()} gives them. A damaged file
 * fails the bundle.
 *
 * @param <T> the record
 */
public final class ReadRecords<T>
    extends PTransform<PCollection<FileIO.ReadableFile>, PCollection<T>> {

  private static final long serialVersionUID = 1L;

  private final RecordSchema<T> schema;

  private ReadRecords(RecordSchema<T> schema) {
    this.schema = schema;
  }

  /** Reads records of a schema. */
  public static <T> ReadRecords<T> of(RecordSchema<T> schema) {
    return new ReadRecords<>(schema);
  }

  @Override
  public PCollection<T> expand(PCollection<FileIO.ReadableFile> files) {
    return RecordSchemaProvider.setSchema(
        files.apply("Read " + schema.name(), ParDo.of(new ReadRecordsFn<>(schema))), schema);
  }

  private static final class ReadRecordsFn<T> extends DoFn<FileIO.ReadableFile, T> {

    private static final long serialVersionUID = 1L;

    private final RecordSchema<T> schema;

    ReadRecordsFn(RecordSchema<T> schema) {
      this.schema = schema;
    }

    @ProcessElement
    public void process(@Element FileIO.ReadableFile file, OutputReceiver<T> records)
        throws IOException {
      String name = file.getMetadata().resourceId().toString();
      SeekableByteChannel channel = file.openSeekable();
      try (ParquetRecordReader<T> reader = ParquetRecordReader.over(schema, channel, name)) {
        for (Optional<T> next = reader.read(); next.isPresent(); next = reader.read()) {
          records.output(next.get());
        }
      }
    }
  }
}
