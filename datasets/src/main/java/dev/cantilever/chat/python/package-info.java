/**
 * Python's values as a template has them, and what may be done with them.
 *
 * <p>Begin with {@link dev.cantilever.chat.python.PythonValues}, which says which values there are:
 * Java's own where they serve, else {@code PythonNone}, {@code PythonTuple}, {@code PythonRange},
 * {@code DictView}, {@code Generated} and {@code Markup}. A Java null is what is undefined.
 *
 * <ul>
 *   <li>What may be asked of a value: {@code TemplateAccess}; {@code PythonStrings} (with {@code
 *       PythonCase} and {@code PythonLines}) for the methods of strings, {@code PythonSlice}.
 *   <li>What may be called, and with what: {@code TemplateFunction}, {@code CallArguments}; what
 *       has attributes: {@code TemplateObject}.
 *   <li>Operators and order: {@code PythonOperators}, {@code PythonComparison}.
 *   <li>Values as text: {@code PythonText}, {@code PythonJson}, {@code PythonDate}.
 *   <li>What ends a rendering: {@code TemplateBounds} (how large), {@code RenderDeadline} (how
 *       long), {@code TemplateRefusal} (with which message).
 * </ul>
 *
 * <p>Invariant: what a function here gives is what CPython gives, or a {@code TemplateRefusal}. No
 * property or method of a Java object can be reached ({@code TemplateAccess}), and whatever grows
 * or may take long looks at its bound.
 *
 * <p>Not here: grammar, names and scopes ({@code chat.jinja}); jinjava is unknown.
 */
@NullMarked
package dev.cantilever.chat.python;

import org.jspecify.annotations.NullMarked;
