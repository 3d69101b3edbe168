package dev.cantilever.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stranger's template can neither reach nor use up. */
class ChatTemplateBoundsTest {

  @TempDir private Path directory;
  private TemplateFolder folder;

  @BeforeEach
  void open() {
    folder = new TemplateFolder(directory);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ messages.getClass() }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].put('a', 1) }}",
        "{{ messages[0].entrySet() }}",
        "{{ ____int3rpr3t3r____.getConfig() }}",
        "{{ ____int3rpr3t3r____.config }}",
        "{{ range.class.x }}",
        "{{ namespace().class.x }}",
        "{% macro f() %}{% endmacro %}{{ f.scope }}",
        "{% macro f() %}{% endmacro %}{{ f.head }}",
        "{% for m in messages %}{{ loop.items.x }}{% endfor %}",
        "{{ messages.items().content }}",
        "{{ $loop }}",
        "{% macro f() %}{{ $macros }}{% endmacro %}{{ f() }}",
        "{{ $printed 1 }}",
        "{{ filter:upper.filter('a', ____int3rpr3t3r____) }}",
        "{{ messages|no_such_filter }}",
        "{{ no_such_function() }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{{ a",
        "{% if %}"
      })
  void template_thatReachesFurther_isRefused(String template) {
    assertThatThrownBy(() -> folder.rendered(template)).isInstanceOf(DatasetException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "messages.class",
        "messages[0].class",
        "''.class",
        "''.bytes",
        "____int3rpr3t3r____",
        "__macros__",
        "messages['getClass']",
        "''['length']",
        "(1, 2).size",
        "range(2).start",
        "messages.items",
        "namespace().values",
        "none.declaringClass"
      })
  void properties_ofJavaObjects_areUndefined(String property) throws IOException {
    assertThat(folder.rendered("[{{ " + property + " is defined }}{{ " + property + " }}]"))
        .isEqualTo("[False]");
  }

  @Test
  @Timeout(20)
  void sum_ofManyTerms_isTakenOnceEach() throws IOException {
    assertThat(folder.rendered("{{ 1" + " + 1".repeat(60) + " }}")).isEqualTo("61");
  }

  /** Each would be gigabytes, or more steps than there is time for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(9999) %}{% for b in range(9999) %}some more text{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ '' * 1000000000 }}{{ [] * 1000000000 }}{{ range(1000000000) }}",
        "{{ range(-1000000000, 1000000000, 1)|list }}",
        "{{ ('x' * 100000)|replace('x', 'x' * 100000) }}",
        "{{ ('x' * 100000).replace('', 'x' * 100000) }}",
        "{{ ('x' * 100000).join('y' * 9999) }}",
        "{{ ('y' * 9999)|join('x' * 100000) }}",
        "{{ 'x'|indent(1000000000, true) }}",
        "{{ [1]|tojson(indent=1000000000) }}",
        "{{ ('\n' * 9999)|indent(4000000, true, true) }}",
        "{{ 10 ** 1000000000 }}",
        "{{ 'x'.center(1000000000) }}",
        "{{ ('x ' * 100000).split() }}"
      })
  @Timeout(20)
  void template_thatGrows_isStopped(String template) {
    assertThatThrownBy(() -> folder.rendered(template)).isInstanceOf(DatasetException.class);
  }

  @Test
  void content_thatIsLong_isReadLikeAnyOther() throws IOException {
    assertThat(
            folder.rendered(
                "{% set s = 'é🎉' ~ 'x' * 1000000 ~ 'y' %}{{ s|length }} {{ s[1] }} {{ s[-1] }}"
                    + " {{ s[:3] }} {{ s|first }}{{ s|last }} {{ s[::-1][-2] }} {{ s|reverse|first }}"
                    + " {{ s.strip()|upper|trim|length }} {{ s.replace('x', '')|tojson }}"))
        .isEqualTo("1000003 🎉 y é🎉x éy 🎉 y 1000003 \"é🎉y\"");
  }

  /** A list of itself twice, and so on: a few values, and no end of text. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ns.s }}",
        "{{ ns.s|tojson }}",
        "{{ ns.s|string|length }}",
        "{{ [ns.s]|join }}"
      })
  @Timeout(20)
  void value_thatNests_isBounded(String use) {
    assertThatThrownBy(
            () ->
                folder.rendered(
                    "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}"
                        + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}"
                        + use))
        .isInstanceOf(DatasetException.class);
  }

  @Test
  void template_thatNestsDeep_isRefused() {
    for (String template :
        new String[] {
          "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(1) }}",
          "{{ " + "(".repeat(99_999) + "1" + ")".repeat(99_999) + " }}",
          "{{ " + "not ".repeat(99_999) + "1 }}",
          "{{ " + "-".repeat(99_999) + "1 }}",
          "{{ 1" + " + 1".repeat(99_999) + " }}",
          "{{ 'a'" + "|upper".repeat(99_999) + " }}",
          "{% if 1 %}".repeat(9_999) + "{% endif %}".repeat(9_999),
          "{% set ns = namespace(s=1) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}"
        }) {
      assertThatThrownBy(() -> folder.rendered(template))
          .as(template.substring(0, 20))
          .isInstanceOf(DatasetException.class);
    }
  }
}
