package dev.cantilever.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.chat.python.TemplateRefusal;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What bounds a rendering by its steps; the clock goes on by each look at it. */
class JinjaTemplateTest {

  private static final long MILLISECOND = 1_000_000;

  private static final String WITHOUT_END =
      "{% for a in range(9999) %}{% for b in range(9999) %}{% set c = b %}{% endfor %}{% endfor %}";

  private final AtomicLong time = new AtomicLong(Long.MAX_VALUE - MILLISECOND); // and wraps around

  /** The second compares lists of themselves twice, and so on: 2 to the 99 items. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        WITHOUT_END,
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(99) %}"
            + "{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}"
            + "{{ ns.s == ns.t }}"
      })
  @Timeout(20)
  void rendering_withoutEnd_isStopped(String template) {
    long begin = time.get();

    assertThatThrownBy(() -> rendered(template))
        .isInstanceOfSatisfying(
            TemplateRefusal.class,
            refusal ->
                assertThat(refusal.expected()).isEqualTo("a conversation rendered within 5 s"));

    // the look that begins it, 5000 that are in time and the first that is not
    assertThat(time.get() - begin).isEqualTo(5_002 * MILLISECOND);
  }

  @Test
  void rendering_withinItsTime_isLeftAlone() {
    assertThat(rendered("{% for a in range(2000) %}{% if a == 1999 %}end{% endif %}{% endfor %}"))
        .isEqualTo("end");
    assertThat(time.get() - (Long.MAX_VALUE - MILLISECOND)).isGreaterThan(2_000 * MILLISECOND);
  }

  @Test
  @Timeout(20)
  void rendering_afterOneThatWasStopped_hasTimeOfItsOwn() {
    assertThatThrownBy(() -> rendered(WITHOUT_END)).isInstanceOf(TemplateRefusal.class);

    assertThat(rendered("{% for a in range(9) %}{{ a }}{% endfor %}")).isEqualTo("012345678");
  }

  @Test
  void macros_thatCallEachOther_mayDoSoTo100Deep() {
    String calls =
        "{%% macro f(n) %%}{{ f(n + 1) if n < %d else n }}{%% endmacro %%}{{ f(1) }} {{ f(1) }}";

    assertThat(rendered(calls.formatted(100))).isEqualTo("100 100");
    assertThatThrownBy(() -> rendered(calls.formatted(101)))
        .isInstanceOfSatisfying(
            TemplateRefusal.class,
            refusal ->
                assertThat(refusal.expected())
                    .isEqualTo("macros that call each other at most 100 deep"));
  }

  private String rendered(String template) {
    LongSupplier nanos = () -> time.getAndAdd(MILLISECOND);
    return JinjaTemplate.of(template, Optional.empty(), nanos).render(Map.of());
  }
}
