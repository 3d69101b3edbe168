package dev.cantilever.chat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A model directory that has a chat template and its special tokens, and nothing else. */
record TemplateFolder(Path directory) {

  private static final String MESSAGES = "[{\"role\": \"user\", \"content\": \"Hi\"}]";

  String rendered(String template) throws IOException {
    return rendered(template, MESSAGES);
  }

  String rendered(String template, String messages) throws IOException {
    write("chat_template.jinja", template);
    write(
        "tokenizer_config.json",
        new JsonMapper()
            .writeValueAsString(
                JsonNodeFactory.instance
                    .objectNode()
                    .put("bos_token", "<s>")
                    .put("eos_token", "</s>")
                    .put("pad_token", "<pad>")));
    return ChatTemplate.load(directory).render(Conversation.parse(messages, "messages"), true);
  }

  void write(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
  }
}
