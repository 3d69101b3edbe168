package dev.cantilever.prepare;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.codec.StagedParquet;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Writes a shard's packed rows with their positions in their splits, and leaves out the training
 * rows with which all of them up to there would exceed the most tokens.
 */
final class NumberRowsFn extends DoFn<KV<Integer, NumberedShard>, ShardFiles> {

  private static final long serialVersionUID = 1L;

  private final PrepareJob job;

  NumberRowsFn(PrepareJob job) {
    this.job = job;
  }

  @ProcessElement
  public void process(@Element KV<Integer, NumberedShard> element, OutputReceiver<ShardFiles> out)
      throws IOException {
    NumberedShard shard = element.getValue();
    int number = shard.outcome().shard();
    Path file = job.files().tokens(number);
    long most = job.maxSftTokens() == 0 ? Long.MAX_VALUE : job.maxSftTokens();
    long tokensSoFar = shard.trainTokens();
    long keptRows = 0;
    long keptTokens = 0;
    try (ParquetRecordReader<TokenRow> rows =
            ParquetRecordReader.open(Schemas.TOKEN_ROW, job.files().shardTokens(number));
        StagedParquet<TokenRow> numbered = StagedParquet.open(Schemas.TOKEN_ROW, file)) {
      for (Optional<TokenRow> next = rows.read(); next.isPresent(); next = rows.read()) {
        TokenRow row = next.get();
        if (row.split() == Split.TEST) {
          numbered.write(new TokenRow(shard.testRows() + row.rowId(), row.split(), row.ids()));
          continue;
        }
        tokensSoFar += row.ids().size();
        if (tokensSoFar <= most) {
          keptRows++;
          keptTokens += row.ids().size();
          numbered.write(new TokenRow(shard.trainRows() + row.rowId(), row.split(), row.ids()));
        }
      }
      numbered.publish();
      out.output(
          new ShardFiles(
              number,
              shard.outcome().counts().withTrainingRows(keptRows, keptTokens),
              shard.outcome().documents(),
              FileEntry.of(file, numbered.rows())));
    }
  }
}
