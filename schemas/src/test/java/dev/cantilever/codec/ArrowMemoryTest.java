package dev.cantilever.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.row.Document;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Split;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.OutOfMemoryException;
import org.junit.jupiter.api.Test;

class ArrowMemoryTest {

  @Test
  void close_bufferHeld_failsNamingScopeAndBytes() {
    ArrowMemory memory = ArrowMemory.open("score step 3");
    ArrowBuf held = memory.allocator().buffer(1024);
    assertThatThrownBy(memory::close)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("score step 3")
        .hasMessageContaining("1024 bytes still held");
    held.close();
  }

  @Test
  void close_allReleased_keepsThePeak() {
    ArrowMemory memory = ArrowMemory.open("scope");
    memory.allocator().buffer(2048).close();
    assertThat(memory.allocatedBytes()).isZero();
    assertThat(memory.peakBytes()).isEqualTo(2048);
    memory.close();
  }

  @Test
  void open_limitPassed_isRefused() {
    try (ArrowMemory memory = ArrowMemory.open("scope", 1024)) {
      assertThatThrownBy(() -> memory.allocator().buffer(4096))
          .isInstanceOf(OutOfMemoryException.class);
    }
  }

  @Test
  void toRoot_badText_releasesWhatItTook() {
    Document halfPair = new Document(1, "file", "\ud83d", Split.TRAIN);
    try (ArrowMemory memory = ArrowMemory.open("scope")) {
      assertThatThrownBy(
              () -> ArrowRecords.toRoot(Schemas.DOCUMENT, List.of(halfPair), memory.allocator()))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("'text'")
          .hasMessageContaining("surrogate");
      assertThat(memory.allocatedBytes()).isZero();
    }
  }
}
