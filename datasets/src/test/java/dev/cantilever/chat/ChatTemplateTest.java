package dev.cantilever.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The folders of {@code chat/} hold what transformers' apply_chat_template gave. */
class ChatTemplateTest {

  private static final Path CASES = Path.of("src/test/resources/chat");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {"headers", "thinking", "instructions", "turns", "blocks", "parts", "calls"})
  void template_inTheStyleOfAFamily_givesTransformersText(String name) throws IOException {
    Path folder = CASES.resolve(name);
    String messages = Files.readString(folder.resolve("messages.json"));

    assertThat(rendered(Files.readString(folder.resolve("template.jinja")), messages))
        .isEqualTo(Files.readString(folder.resolve("expected.txt")));
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

  /* Format, time, and what Python's strftime gave. */
  @ParameterizedTest
  @CsvSource({
    "%d %b %Y, 2024-07-26T12:00:00Z, 26 Jul 2024",
    "%Y %y %m %-m %B %b %h %d %-d %j %-j, 2024-07-06T09:05:03Z, 2024 24 07 7 July Jul Jul 06 6 188 188",
    "%A %a %H %-H %I %-I %M %-M %S %-S %p, 2024-07-06T09:05:03Z, Saturday Sat 09 9 09 9 05 5 03 3 AM",
    "%F %T %D %R 100%%, 2024-07-06T09:05:03Z, 2024-07-06 09:05:03 07/06/24 09:05 100%",
    "%b %-I %I %p, 2024-09-16T00:45:03Z, Sep 12 12 AM"
  })
  void date_asked_isTheClocks(String format, Instant time, String expected) throws IOException {
    write("chat_template.jinja", "{{ strftime_now('" + format + "') }}");
    Clock clock = Clock.fixed(time, ZoneOffset.UTC);

    assertThat(ChatTemplate.load(directory, clock).render(Conversation.ofUser("x"), true))
        .isEqualTo(expected);
  }

  @Test
  void date_inAFormatThatIsNotHere_isRefusedByItsName() {
    assertThatThrownBy(() -> rendered("{{ strftime_now('%c') }}"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("strftime_now() of %c");
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
    return new TemplateFolder(directory).rendered(template);
  }

  private String rendered(String template, String messages) throws IOException {
    return new TemplateFolder(directory).rendered(template, messages);
  }

  private void write(String name, String content) throws IOException {
    new TemplateFolder(directory).write(name, content);
  }
}
