package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class JsonResultTest {

  @Test
  void toString_everyKind_isOneLineInOrder() {
    JsonResult json =
        new JsonResult()
            .put("z", 1)
            .put("a", 0.5)
            .put("text", "line\nbreak \"q\"")
            .put("ok", true)
            .putNull("nothing")
            .put("list", List.of("x"))
            .put("inner", new JsonResult().put("b", 2L))
            .putObjects("objects", List.of(new JsonResult().put("c", 3L)));
    assertThat(json)
        .hasToString(
            "{\"z\":1,\"a\":0.5,\"text\":\"line\\nbreak \\\"q\\\"\",\"ok\":true,\"nothing\":null,"
                + "\"list\":[\"x\"],\"inner\":{\"b\":2},\"objects\":[{\"c\":3}]}");
  }

  @Test
  void put_notFinite_becomesText() {
    assertThat(new JsonResult().put("kl", Double.NaN)).hasToString("{\"kl\":\"NaN\"}");
  }

  @Test
  void put_sameKeyTwice_isRefused() {
    JsonResult json = new JsonResult().put("a", 1);
    assertThatThrownBy(() -> json.put("a", 2)).hasMessageContaining("already");
  }
}
