package dev.cantilever.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The folders of {@code chat/} hold what transformers' apply_chat_template gave. */
class ChatTemplateTest {

  private static final Path CASES = Path.of("src/test/resources/chat");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"headers", "thinking", "instructions", "turns", "blocks", "parts"})
  void template_inTheStyleOfAFamily_givesTransformersText(String name) throws IOException {
    Path folder = CASES.resolve(name);
    String messages = Files.readString(folder.resolve("messages.json"));

    assertThat(rendered(Files.readString(folder.resolve("template.jinja")), messages))
        .isEqualTo(Files.readString(folder.resolve("expected.txt")));
  }

  /* Template, and what Jinja makes of it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{{ 'abcdef'[::2] }} {{ 'abcdef'[1:-1] }} {{ [1, 2, 3, 4, 5][4:1:-2] }} @ ace bcde [5, 3]",
        "{{ 'a b  c'.split() }} {{ 'a.b.c'.split('.', 1) }} @ ['a', 'b', 'c'] ['a', 'b.c']",
        "{{ 'xxaxx'.strip('x') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ 'ab'.title() }} @ a a-bX Ab",
        "{{ '\\u00e9' }} {{ 'x\\x41' }} {{ \"it's\" }} {{ 'a\\\\nb' }} @ é xA it's a\\nb",
        "{{ true }} {{ none is none }} {{ [true, none, 'a', 1.0] }} @ True True [True, None, 'a', 1.0]",
        "{% for i in [1, 2] %}{{ x }}{% set x = i %}{{ x }};{% endfor %}{{ x }} @ 1;2;",
        "{% for i in [] %}x{% else %}none{% endfor %} @ none",
        "{% for i in range(6) %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %} @ 0123",
        "{% if 'a' is string and ['a'] is iterable and {} is mapping %}ok{% endif %} @ ok",
        "{% raw %}{{ x }}{% endraw %} {{ '{{' }} {{ '%}' }} @ {{ x }} {{ %}",
        "{{ 7 // 2 }} {{ 7 % 3 }} {{ 'a' ~ 1 }} {{ 'u' if messages else 'n' }} @ 3 1 a1 u",
        "{{ {'b': {'c': 1}}|tojson }} {{ {'a': 1}.get('z', 'd') }} @ {\"b\": {\"c\": 1}} d",
        "{{ 'a' and 'b' }} {{ '' and 'b' }}{{ '3' == 3 }} {{ 3 == 3.0 }} {{ '3' != 3 }} @ b False True True",
        "{{ 'abc'|first }}{{ 'abc'|last }} {{ 'ab'|list }} {{ '\ud83c\udf89'|length }} @ ac ['a', 'b'] 1",
        "{{ [true, 'a'] | trim }} {{ [none] ~ true }} {{ {'a': 1}|upper }} @ [True, 'a'] [None]True {'A': 1}",
        "{{ {'b': 1}.items()|list }} {{ 'ab'|join('-') }} {{ [1, 2]|join(d=',') }} @ [('b', 1)] a-b 1,2",
        "{{ [1] + [2] }} {{ 1 + 2.5 }} {{ 'a' + 'b' }} {{ [3, 1]|sort(reverse=true) }} @ [1, 2] 3.5 ab [3, 1]",
        "{% if false %}{{ 'a'|no_such_filter }}{% endif %}ok @ ok"
      })
  void construct_ofJinja_givesJinjasText(String template, String expected) throws IOException {
    assertThat(rendered(template)).isEqualTo(expected);
  }

  /** As in transformers, where Python has no such sum; a null must not be read as a word. */
  @ParameterizedTest
  @ValueSource(
      strings = {"'a' + none", "messages[0].no + 'a'", "'a' + 1", "'a' + [1]", "[1] + 'a'"})
  void sum_ofDifferentKinds_isRefused(String sum) {
    assertThatThrownBy(() -> rendered("{{ " + sum + " }}"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("which are not both strings, lists or numbers");
  }

  @Test
  @Timeout(20)
  void sum_ofManyTerms_isTakenOnceEach() throws IOException {
    assertThat(rendered("{{ 1" + " + 1".repeat(60) + " }}")).isEqualTo("61");
    assertThatThrownBy(
            () ->
                rendered(
                    "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"))
        .isInstanceOf(DatasetException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sort(attribute='role')", "map(attribute='name', default='d')"})
  void filter_withAnArgumentThatIsNotRead_isRefused(String filter) {
    assertThatThrownBy(() -> rendered("{{ messages|" + filter + "|list }}"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("the filter " + filter.substring(0, filter.indexOf('(')) + " with ");
  }

  @Test
  void whiteSpace_aroundTags_staysAsJinjaLeavesIt() throws IOException {
    assertThat(
            rendered(
                "  {% if true %}\n  a\n    {% endif %}\n b {# c #}\n {#- d -#}\n x {%- if 1 -%}\n y{%- endif +%}\nz\n"))
        .isEqualTo("  a\n b xy\nz");
  }

  @Test
  void message_thatLooksLikeATemplate_isText() throws IOException {
    assertThat(
            rendered(
                "{{ messages[0].content }}", "[{\"role\":\"user\",\"content\":\"{{ 1 + 1 }}\"}]"))
        .isEqualTo("{{ 1 + 1 }}");
  }

  @Test
  void date_asked_isTheClocks() throws IOException {
    write("chat_template.jinja", "{{ strftime_now('%d %b %Y') }}");
    Clock clock = Clock.fixed(Instant.parse("2024-07-26T12:00:00Z"), ZoneOffset.UTC);

    assertThat(ChatTemplate.load(directory, clock).render(Conversation.ofUser("x"), true))
        .isEqualTo("26 Jul 2024");
  }

  @Test
  void date_withoutAClock_isTheTemplatesOwn() throws IOException {
    write(
        "chat_template.jinja",
        "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}1999{% endif %}");

    assertThat(ChatTemplate.loadWithoutClock(directory).render(Conversation.ofUser("x"), true))
        .isEqualTo("1999");
  }

  @Test
  void template_thatRaises_isAnErrorWithItsMessage() {
    assertThatThrownBy(() -> rendered("a{{ raise_exception('roles must alternate') }}"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("roles must alternate");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ messages.getClass() }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].put('a', 1) }}",
        "{{ ____int3rpr3t3r____.getConfig() }}",
        "{{ messages|no_such_filter }}",
        "{{ no_such_function() }}",
        "{% for m in messages %}{{ loop.previtem }}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(1) }}",
        "{{ 'x'.repeat(1000000000) }}",
        "{{ a",
        "{% if %}"
      })
  void template_thatReachesFurther_isRefused(String template) {
    assertThatThrownBy(() -> rendered(template)).isInstanceOf(DatasetException.class);
  }

  @Test
  void properties_ofJavaObjects_areUndefined() throws IOException {
    assertThat(
            rendered(
                "[{{ messages.class }}{{ ''.class }}{{ ''.bytes }}"
                    + "{{ ____int3rpr3t3r____.config }}]"))
        .isEqualTo("[]");
  }

  @Test
  @Timeout(4 * RenderDeadline.SECONDS)
  void template_withoutEnd_isStopped() {
    String loops = "{% for a in range(9999) %}".repeat(4) + "{% endfor %}".repeat(4);

    assertThatThrownBy(() -> rendered(loops))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("within 5 s");
  }

  @Test
  void template_thatWritesOn_isStopped() {
    assertThatThrownBy(
            () ->
                rendered(
                    "{% for a in range(9999) %}{% for b in range(9999) %}some more text"
                        + "{% endfor %}{% endfor %}"))
        .isInstanceOf(DatasetException.class);
  }

  @Test
  void template_ofTheConfiguration_isFound() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"chat_template\": \"{{ eos_token }}\", \"eos_token\": {\"content\": \"<e>\"}}");
    assertThat(ChatTemplate.load(directory).render(Conversation.ofUser("x"), true))
        .isEqualTo("<e>");

    write(
        "tokenizer_config.json",
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"},"
            + " {\"name\": \"default\", \"template\": \"d\"}]}");
    assertThat(ChatTemplate.load(directory).render(Conversation.ofUser("x"), true)).isEqualTo("d");
  }

  @Test
  void template_missing_isAnErrorWithWhatToDo() throws IOException {
    write("tokenizer_config.json", "{}");

    assertThatThrownBy(() -> ChatTemplate.load(directory))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("chat_template")
        .hasMessageContaining("Give whole prompts");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{}", "[{\"content\": \"x\"}]", "[1]", "[", "\"x\""})
  void conversation_ofAnotherForm_isRefused(String json) {
    assertThatThrownBy(() -> Conversation.parse(json, "prompt 1"))
        .isInstanceOf(DatasetException.class)
        .hasMessageStartingWith("prompt 1: expected a JSON list of messages");
  }

  private String rendered(String template) throws IOException {
    return rendered(template, "[{\"role\": \"user\", \"content\": \"Hi\"}]");
  }

  private String rendered(String template, String messages) throws IOException {
    write("chat_template.jinja", template);
    write(
        "tokenizer_config.json",
        new JsonMapper()
            .writeValueAsString(
                JsonNodeFactory.instance
                    .objectNode()
                    .put("bos_token", "<s>")
                    .put("eos_token", "</s>")));
    return ChatTemplate.load(directory).render(Conversation.parse(messages, "messages"), true);
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
  }
}
