package dev.cantilever.prepare;

import dev.cantilever.batch.PackingTally;
import dev.cantilever.batch.TokenPacker;
import dev.cantilever.chat.ChatTemplate;
import dev.cantilever.chat.Conversation;
import dev.cantilever.codec.Schemas;
import dev.cantilever.codec.StagedParquet;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.DeadLetter;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import dev.cantilever.row.TokenizedDocument;
import dev.cantilever.text.BadRow;
import dev.cantilever.text.Cleaned;
import dev.cantilever.text.DatasetException;
import dev.cantilever.text.Document;
import dev.cantilever.text.TextCleaner;
import dev.cantilever.text.TextItem;
import dev.cantilever.text.TextTally;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Prepares one shard: reads it from beginning to end, and writes its documents, its packed rows,
 * numbered within the shard, and its dead letters, each in the shard's order.
 */
final class ShardPreparation {

  private static final String NO_TOKENS = "no_tokens";

  private final PrepareJob job;
  private final ShardTask task;
  private final TextTokenizer tokenizer;
  private final TextCleaner cleaner;
  private final Optional<ChatTemplate> template;
  private final StagedParquet<TokenizedDocument> documents;
  private final StagedParquet<TokenRow> rows;
  private final StagedParquet<DeadLetter> dead;
  private final TextTally tally = new TextTally();
  private final TokenPacker train;
  private final TokenPacker test;
  private long trainRows;
  private long testRows;
  private long withoutTokens;
  private String firstDead = "";

  private ShardPreparation(
      PrepareJob job,
      ShardTask task,
      TextTokenizer tokenizer,
      StagedParquet<TokenizedDocument> documents,
      StagedParquet<TokenRow> rows,
      StagedParquet<DeadLetter> dead)
      throws IOException {
    this.job = job;
    this.task = task;
    this.tokenizer = tokenizer;
    this.cleaner = new TextCleaner(job.cleaning());
    this.template =
        job.chat()
            ? Optional.of(ChatTemplate.loadWithoutClock(Path.of(job.tokenizerDirectory())))
            : Optional.empty();
    this.documents = documents;
    this.rows = rows;
    this.dead = dead;
    this.train = new TokenPacker(job.packing());
    this.test = new TokenPacker(job.packing());
  }

  /**
   * Prepares a shard; doing it again leaves the same bytes.
   *
   * @param tokenizer the job's; stays the caller's
   * @throws dev.cantilever.text.DatasetException if a file as a whole cannot be used
   */
  static ShardOutcome prepare(PrepareJob job, ShardTask task, TextTokenizer tokenizer)
      throws IOException {
    DataFiles files = job.files();
    Files.createDirectories(files.passing());
    Path documentsFile = files.documents(task.shard());
    try (StagedParquet<TokenizedDocument> documents =
            StagedParquet.open(Schemas.TOKENIZED_DOCUMENT, documentsFile);
        StagedParquet<TokenRow> rows =
            StagedParquet.open(Schemas.TOKEN_ROW, files.shardTokens(task.shard()));
        StagedParquet<DeadLetter> dead =
            StagedParquet.open(Schemas.DEAD_LETTER, files.shardDeadLetters(task.shard()))) {
      ShardPreparation shard = new ShardPreparation(job, task, tokenizer, documents, rows, dead);
      PrepareCounts counts;
      try {
        counts = shard.counts();
      } catch (UncheckedIOException e) { // of a write, from within the reader
        throw new IOException("shard " + task.text().source() + ": " + e.getMessage(), e);
      }
      documents.publish();
      rows.publish();
      dead.publish();
      return new ShardOutcome(
          task.shard(), counts, shard.firstDead, FileEntry.of(documentsFile, counts.documents()));
    }
  }

  private PrepareCounts counts() throws IOException {
    task.text().read(this::take);
    PackingTally packedTrain = train.finish(ids -> pack(Split.TRAIN, trainRows++, ids));
    PackingTally packedTest = test.finish(ids -> pack(Split.TEST, testRows++, ids));
    SortedMap<String, Long> refused = new TreeMap<>();
    tally.bad().forEach((reason, count) -> refused.put(name(reason), count));
    SortedMap<String, Long> dropped = new TreeMap<>();
    tally.dropped().forEach((reason, count) -> dropped.put(name(reason), count));
    if (withoutTokens > 0) {
      dropped.put(NO_TOKENS, withoutTokens);
    }
    return new PrepareCounts(tally.rows(), refused, dropped, packedTrain, packedTest);
  }

  private void take(TextItem item) {
    if (item instanceof BadRow row) {
      refuse(row);
    } else if (item instanceof Document document) {
      if (document.id().isBlank()) {
        refuse(
            new BadRow(
                document.source(),
                document.row(),
                BadRow.Reason.MISSING_ID,
                "expected an id, found only white space",
                document.text()));
      } else if (template.isPresent()) {
        converse(document, template.get());
      } else {
        tally.add(document);
        keep(document);
      }
    }
  }

  /** A conversation: rows learn all of it, queries ask what comes before the last answer. */
  private void converse(Document document, ChatTemplate chat) {
    String whole;
    String prompt;
    try {
      String where = document.source() + ", row " + document.row();
      Conversation conversation = Conversation.parse(document.text(), where);
      boolean answered = conversation.isAnswered();
      whole = chat.render(conversation, !answered);
      prompt = answered ? chat.render(conversation.withoutLast(), true) : whole;
    } catch (DatasetException | IllegalStateException e) {
      refuse(
          new BadRow(
              document.source(),
              document.row(),
              BadRow.Reason.WRONG_TYPE,
              String.valueOf(e.getMessage()),
              document.text()));
      return;
    }
    tally.add(document);
    tally.add(new Cleaned.Kept(document.withText(whole)));
    store(document.id(), tokenizer.encode(whole), tokenizer.encode(prompt));
  }

  private void refuse(BadRow row) {
    tally.add(row);
    String reason = name(row.reason()) + ": " + row.detail();
    if (firstDead.isEmpty()) {
      firstDead = row.source() + ", line " + row.row() + ", " + reason;
    }
    write(dead, new DeadLetter(row.source(), row.row(), reason, row.raw()));
  }

  private void keep(Document document) {
    Cleaned cleaned = cleaner.clean(document);
    tally.add(cleaned);
    if (!(cleaned instanceof Cleaned.Kept kept)) {
      return;
    }
    int[] ids = tokenizer.encodeToContinue(kept.document().text());
    if (ids.length == 0) {
      withoutTokens++;
      return;
    }
    store(document.id(), ids, ids);
  }

  /**
   * Writes a document, and packs it.
   *
   * @param ids what rows learn
   * @param query the ids that queries begin with
   */
  private void store(String id, int[] ids, int[] query) {
    Split split =
        switch (task.split().side(id)) {
          case TRAIN -> Split.TRAIN;
          case TEST -> Split.TEST;
        };
    int stored = Math.min(query.length, job.maxDocumentTokens());
    write(documents, new TokenizedDocument(id, split, IntSequence.copyOfRange(query, 0, stored)));
    switch (split) {
      case TRAIN -> train.add(ids, row -> pack(Split.TRAIN, trainRows++, row));
      case TEST -> test.add(ids, row -> pack(Split.TEST, testRows++, row));
    }
  }

  private void pack(Split split, long row, int[] ids) {
    write(rows, new TokenRow(row, split, IntSequence.of(ids)));
  }

  private static <T> void write(StagedParquet<T> file, T record) {
    try {
      file.write(record);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Enum<?> reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }
}
